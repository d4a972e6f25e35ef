#include "runtime/config/choice.h"

namespace troupe::config {

Json choice_schema(const std::string& key, const Words& words, const std::string& fallback, bool shorthand,
                   std::vector<Json> kinds) {
  Json deciding = words.schema();
  if (!fallback.empty()) deciding["default"] = fallback;
  Json object{{"type", fallback.empty() ? Json("object") : Json{"object", "null"}},
              {"properties", {{key, deciding}}}};
  if (fallback.empty()) object["required"] = Json::array({key});
  Json rules = Json::array();
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const std::string& word = words.words[i].word;
    Json condition{{"properties", {{key, word_schema(word)}}}};
    if (word != fallback) condition["required"] = Json::array({key});
    kinds[i]["properties"][key] = word_schema(word);
    kinds[i]["properties"][key]["description"] = words.words[i].about;
    rules.push_back(Json{{"if", std::move(condition)}, {"then", std::move(kinds[i])}});
  }
  object["allOf"] = std::move(rules);
  if (!shorthand) return object;
  return Json{{"anyOf", Json::array({words.schema(), std::move(object)})}};
}

}  // namespace troupe::config
