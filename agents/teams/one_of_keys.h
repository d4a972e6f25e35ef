#pragma once

#include "runtime/base/suggest.h"
#include "runtime/config/shape.h"
#include "runtime/config/text_check.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::agents {

/// One of the keys of a map that has a single one, which says what kind of thing the map is.
template <class T>
struct OneKey {
  std::string name;
  typename T::Kind kind;
  std::string about;
  config::ShapePtr<T> shape;
};

/// The key that `node` has; nullptr (and a problem reported) when it is no map, has none of them or several.
/// `expected`: "a condition such as `{ messages: 20 }`".
template <class T>
const OneKey<T>* the_key(const config::Node& node, const std::vector<OneKey<T>>& keys, config::Reader& reader,
                         std::string_view expected) {
  std::vector<std::string> names;
  for (const OneKey<T>& key : keys) names.push_back(key.name);
  if (node.kind != config::Node::Kind::map) {
    reader.wrong_kind(node, expected);
    return nullptr;
  }
  const OneKey<T>* found = nullptr;
  for (const config::Member& member : node.members) {
    const auto key = std::ranges::find(keys, member.key, &OneKey<T>::name);
    if (key == keys.end()) {
      std::string hint = did_you_mean(member.key, names);
      if (hint.empty()) hint = "; known here: " + config::enumerate(names);
      reader.error(member.place, fmt::format("unknown condition `{}`{}", config::clip(member.key), hint));
      return nullptr;
    }
    if (found) {
      reader.error(member.place,
                   fmt::format("`{0}` stands beside `{1}`; write `any: [ {{ {1}: … }}, {{ {0}: … }} ]` where "
                               "one of them is enough, `all: [ … ]` where both must hold",
                               key->name, found->name));
      return nullptr;
    }
    found = &*key;
  }
  if (!found) reader.error(node.place, fmt::format("is empty; write one of {}", config::enumerate(names)));
  return found;
}

template <class T>
Json one_key_schema(const std::vector<OneKey<T>>& keys) {
  Json properties = Json::object();
  for (const OneKey<T>& key : keys) {
    Json property = key.shape->schema();
    property["description"] = key.about;
    properties[key.name] = std::move(property);
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"minProperties", 1},
          {"maxProperties", 1},
          {"additionalProperties", false}};
}

/// A list of parts of which there is one, written without the list (`not`).
template <class T>
config::ShapePtr<std::vector<T>> only_part(config::ShapePtr<T> part) {
  class Only final : public config::Shape<std::vector<T>> {
   public:
    explicit Only(config::ShapePtr<T> inner) : inner_(std::move(inner)) {}
    void read(const config::Node& node, std::vector<T>& parts, config::Reader& reader) const override {
      parts.assign(1, T{});
      inner_->read(node, parts.front(), reader);
    }
    Json show(const std::vector<T>& parts) const override {
      return parts.empty() ? Json(nullptr) : inner_->show(parts.front());
    }
    Json schema() const override { return inner_->schema(); }

   private:
    config::ShapePtr<T> inner_;
  };
  return std::make_shared<Only>(std::move(part));
}

}  // namespace troupe::agents
