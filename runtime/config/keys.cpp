#include "runtime/config/keys.h"

#include "runtime/base/suggest.h"
#include "runtime/config/text_check.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::config {

void Keys::read(const Node& node, Reader& reader,
                const std::function<void(std::size_t, const Node&)>& read) const {
  if (node.kind != Node::Kind::map && node.kind != Node::Kind::null) {
    reader.wrong_kind(node, "a map");
    return;
  }
  for (const Member& member : node.members) {
    auto key = std::find_if(known.begin(), known.end(), [&](const Key& k) { return k.name == member.key; });
    if (key == known.end()) {
      report_unknown(member, reader);
    } else if (!key->external) {
      Reader::Inside inside(reader, member.key);
      Reader::Hushed hushed(reader, key->secret);
      read(static_cast<std::size_t>(key - known.begin()), member.value);
    }
  }
  for (const Key& key : known)
    if (key.required && !node.find(key.name))
      reader.error(node.place, fmt::format("`{}` is missing", key.name));
}

void Keys::report_unknown(const Member& member, Reader& reader) const {
  std::string in = reader.where();
  if (std::find(reserved.begin(), reserved.end(), member.key) != reserved.end()) {
    reader.raw_error(member.place, fmt::format("`{}`{} is not available in this version", member.key,
                                               in.empty() ? "" : " of " + in));
    return;
  }
  std::string text = fmt::format("unknown key `{}`{}", clip(member.key), in.empty() ? "" : " in " + in);
  std::vector<std::string> names;
  for (const Key& key : known) names.push_back(key.name);
  std::string hint = did_you_mean(member.key, names);
  if (auto found = advice.find(member.key); found != advice.end())
    hint = "; " + found->second;
  else if (hint.empty())
    hint = "; known here: " + enumerate(names);
  reader.raw_error(member.place, text + hint);
}

Json Keys::schema(std::string_view about, const std::vector<Json>& properties,
                  const std::vector<Json>& defaults) const {
  Json schema = Json::object();
  if (!about.empty()) schema["description"] = about;
  Json required = Json::array();
  for (const Key& key : known)
    if (key.required) required.push_back(key.name);
  // A section whose keys are all commented out is null, and fine unless something in it is needed.
  schema["type"] = required.empty() ? Json{"object", "null"} : Json("object");
  Json& all = schema["properties"] = Json::object();
  for (std::size_t i = 0; i < known.size(); ++i) {
    Json property = properties[i];
    property["description"] = known[i].secret ? known[i].about + " (secret: never shown)" : known[i].about;
    if (known[i].secret) property["writeOnly"] = true;
    if (!blank(defaults[i])) property["default"] = defaults[i];
    all[known[i].name] = std::move(property);
  }
  if (!required.empty()) schema["required"] = required;
  schema["additionalProperties"] = false;
  return schema;
}

bool blank(const Json& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty()) ||
         (value.is_structured() && value.empty());
}

void Check::report(Severity severity, std::string_view key, std::string_view text) {
  const Node* at = &node_;
  Place place = node_.place;
  std::string_view rest = key;
  while (!rest.empty()) {
    std::string_view first = rest.substr(0, rest.find('.'));
    rest.remove_prefix(std::min(rest.size(), first.size() + 1));
    const Member* member = at->find(first);
    if (!member) break;
    at = &member->value;
    place = at->place;
  }
  auto say = [&] { severity == Severity::error ? reader_.error(place, text) : reader_.warning(place, text); };
  if (key.empty()) {
    say();
    return;
  }
  Reader::Inside inside(reader_, std::string(key));
  say();
}

}  // namespace troupe::config
