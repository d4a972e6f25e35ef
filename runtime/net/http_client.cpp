#include "runtime/net/http_client.h"

namespace troupe::net {

std::string_view HttpHead::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

}  // namespace troupe::net
