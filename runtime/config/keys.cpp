#include "runtime/config/keys.h"

#include "runtime/base/suggest.h"
#include "runtime/config/text_check.h"

#include <algorithm>
#include <deque>

#include <fmt/format.h>

namespace troupe::config {

void Keys::read(const Node& node, Reader& reader,
                const std::function<void(std::size_t, const Node&)>& read) const {
  if (node.kind != Node::Kind::map && node.kind != Node::Kind::null) {
    reader.wrong_kind(node, "a map");
    return;
  }
  std::string said;
  for (const Member& member : node.members) {
    auto key = std::find_if(known.begin(), known.end(), [&](const Key& k) { return k.name == member.key; });
    if (key == known.end()) {
      said += report_unknown(member, reader);
    } else if (!key->external) {
      Reader::Inside inside(reader, member.key);
      Reader::Hushed hushed(reader, key->secret);
      read(static_cast<std::size_t>(key - known.begin()), member.value);
    }
  }
  for (const Key& key : known) {
    if (!key.required || node.find(key.name)) continue;
    // A misspelled key is one mistake, not two.
    std::string name = fmt::format("`{}`", key.name);
    if (said.find(name) == std::string::npos) reader.error(node.place, name + " is missing");
  }
}

std::string Keys::report_unknown(const Member& member, Reader& reader) const {
  std::string in = reader.where();
  if (std::find(reserved.begin(), reserved.end(), member.key) != reserved.end()) {
    reader.raw_error(member.place, fmt::format("`{}`{} is not available in this version", member.key,
                                               in.empty() ? "" : " of " + in));
    return "";
  }
  std::string text = fmt::format("unknown key `{}`{}", clip(member.key), in.empty() ? "" : " in " + in);
  std::vector<std::string> names;
  for (const Key& key : known) names.push_back(key.name);
  std::string hint = did_you_mean(member.key, names);
  if (auto found = advice.find(member.key); found != advice.end()) hint = "; " + found->second;
  std::string all = hint.empty() ? "; known here: " + enumerate(names) : "";
  reader.raw_error(member.place, text + hint + all);
  return hint;
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

Check Check::entry(std::string_view section, const std::string& name, std::string noun) const {
  const Member* all = node_.find(section);
  const Member* one = all ? all->value.find(name) : nullptr;
  Check inner(one ? one->value : node_, reader_);
  inner.within_ = within_;
  inner.within_.push_back({std::string(section), ""});
  inner.within_.push_back({name, std::move(noun)});
  return inner;
}

void Check::report(Severity severity, std::string_view key, std::string_view text) {
  std::deque<Reader::Inside> inside;
  for (const Within& within : within_) inside.emplace_back(reader_, within.key, within.noun);
  if (!key.empty()) inside.emplace_back(reader_, std::string(key));
  Place place = node_at(node_, key).place;
  severity == Severity::error ? reader_.error(place, text) : reader_.warning(place, text);
  while (!inside.empty()) inside.pop_back();
}

}  // namespace troupe::config
