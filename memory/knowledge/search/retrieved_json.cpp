#include "memory/knowledge/search/retrieved_json.h"

namespace troupe::memory {

Json to_json(const Retrieved& found) {
  Json json = {{"hits", Json::array()}};
  for (const Hit& hit : found.hits) json["hits"].push_back(to_json(hit));
  if (!found.remarks.empty()) json["remarks"] = found.remarks;
  return json;
}

}  // namespace troupe::memory
