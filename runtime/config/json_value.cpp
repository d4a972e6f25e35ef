#include "runtime/config/json_value.h"

#include "runtime/config/interpolate.h"

#include <fmt/format.h>

namespace troupe::config {

namespace {

Json scalar_value(const Node& node, const Scalar& scalar, Reader& reader) {
  if (scalar.plain) {
    if (auto value = parse_bool(scalar)) return *value;
    if (auto value = parse_integer(scalar)) return *value;
    if (auto value = parse_number(scalar)) return *value;
  }
  auto text = parse_text(scalar);
  if (text) return std::move(*text);
  reader.error(node.place, text.error());
  return nullptr;
}

Json value_of(const Node& node, Reader& reader, const std::string& expected) {
  switch (node.kind) {
    case Node::Kind::null:
      return nullptr;
    case Node::Kind::scalar: {
      auto scalar = reader.scalar(node, expected);
      return scalar ? scalar_value(node, *scalar, reader) : Json(nullptr);
    }
    case Node::Kind::sequence: {
      Json list = Json::array();
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        Reader::Inside inside(reader, fmt::format("[{}]", i));
        list.push_back(value_of(node.items[i], reader, expected));
      }
      return list;
    }
    case Node::Kind::map: {
      Json object = Json::object();
      for (const Member& member : node.members) {
        Reader::Inside inside(reader, member.key);
        object[member.key] = value_of(member.value, reader, expected);
      }
      return object;
    }
  }
  return nullptr;
}

// So that what is shown reads back as it was.
Json escaped(const Json& value) {
  if (value.is_string()) return escape_interpolation(value.get<std::string>());
  if (!value.is_structured()) return value;
  Json copy = value.is_array() ? Json::array() : Json::object();
  for (const auto& [key, member] : value.items())
    if (value.is_array())
      copy.push_back(escaped(member));
    else
      copy[key] = escaped(member);
  return copy;
}

class JsonShape final : public Shape<Json> {
 public:
  JsonShape(std::string expected, bool only_objects)
      : expected_(std::move(expected)), only_objects_(only_objects) {}

  void read(const Node& node, Json& value, Reader& reader) const override {
    if (only_objects_ && node.kind != Node::Kind::map) return reader.wrong_kind(node, expected_);
    value = value_of(node, reader, expected_);
  }
  Json show(const Json& value) const override { return escaped(value); }
  Json schema() const override { return only_objects_ ? Json{{"type", "object"}} : Json::object(); }

 private:
  std::string expected_;
  bool only_objects_;
};

}  // namespace

ShapePtr<Json> json_value(std::string expected) {
  return std::make_shared<JsonShape>(std::move(expected), false);
}

ShapePtr<Json> json_object(std::string expected) {
  return std::make_shared<JsonShape>(std::move(expected), true);
}

}  // namespace troupe::config
