#pragma once

#include "runtime/base/limits.h"
#include "runtime/config/shape.h"
#include "runtime/config/text_check.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::config {

/// True when an entry's key may be a name: `[A-Za-z][A-Za-z0-9_-]{0,63}`.
bool valid_name(std::string_view name);
/// Reports a key that is not a name.
void check_name(const Member& member, Reader& reader);
/// Reports a node that is no map (list); null counts as an empty one.
bool is_map(const Node& node, Reader& reader, std::string_view expected);
bool is_list(const Node& node, Reader& reader, std::string_view expected);
/// Schema of a list or map around the schema of its elements.
Json list_schema(Json element, std::size_t most);
Json entries_schema(Json entry);
Json map_schema(Json value);

template <class T>
class ListShape final : public Shape<std::vector<T>> {
 public:
  ListShape(ShapePtr<T> element, std::string expected, std::size_t most)
      : element_(std::move(element)), expected_(std::move(expected)), most_(most) {}

  void read(const Node& node, std::vector<T>& values, Reader& reader) const override {
    if (!is_list(node, reader, expected_)) return;
    if (node.items.size() > most_) {
      reader.error(node.items[most_].place,
                   fmt::format("has {} elements; at most {} are read", node.items.size(), most_));
      return;
    }
    values.clear();
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      Reader::Inside inside(reader, fmt::format("[{}]", i));
      T value{};
      element_->read(node.items[i], value, reader);
      values.push_back(std::move(value));
    }
  }
  Json show(const std::vector<T>& values) const override {
    Json list = Json::array();
    for (const T& value : values) list.push_back(element_->show(value));
    return list;
  }
  Json schema() const override { return list_schema(element_->schema(), most_); }

 private:
  ShapePtr<T> element_;
  std::string expected_;
  std::size_t most_;
};

/// `expected`: "a list of tool names".
template <class T>
ShapePtr<std::vector<T>> list_of(ShapePtr<T> element, std::string expected,
                                 std::size_t most = limits::kConfigEntries) {
  return std::make_shared<ListShape<T>>(std::move(element), std::move(expected), most);
}

/// Free keys with values of one kind (headers). `check_key`: what is wrong with a key, or "".
template <class T>
class MapShape final : public Shape<std::map<std::string, T>> {
 public:
  using KeyCheck = std::string (*)(std::string_view);
  MapShape(ShapePtr<T> value, std::string expected, KeyCheck check_key)
      : value_(std::move(value)), expected_(std::move(expected)), check_key_(check_key) {}

  void read(const Node& node, std::map<std::string, T>& values, Reader& reader) const override {
    if (!is_map(node, reader, expected_)) return;
    for (const Member& member : node.members) {
      Reader::Inside inside(reader, member.key);
      if (std::string problem = check_key_(member.key); !problem.empty()) reader.error(member.place, problem);
      value_->read(member.value, values[member.key], reader);
    }
  }
  Json show(const std::map<std::string, T>& values) const override {
    Json map = Json::object();
    for (const auto& [key, value] : values) map[key] = value_->show(value);
    return map;
  }
  Json schema() const override { return map_schema(value_->schema()); }

 private:
  ShapePtr<T> value_;
  std::string expected_;
  KeyCheck check_key_;
};

template <class T>
ShapePtr<std::map<std::string, T>> map_of(ShapePtr<T> value, std::string expected,
                                          std::string (*check_key)(std::string_view)) {
  return std::make_shared<MapShape<T>>(std::move(value), std::move(expected), check_key);
}

template <class T>
using Entries = std::map<std::string, T, std::less<>>;

/// A section of named entries: `models:`, `tools:`, `agents:`. Each key becomes its entry's name and is
/// defined in `space`, where reference(space, …) looks it up.
template <class T>
class EntriesShape final : public Shape<Entries<T>> {
 public:
  EntriesShape(ShapePtr<T> entry, std::string T::* name, std::string noun, std::string space)
      : entry_(std::move(entry)), name_(name), noun_(std::move(noun)), space_(std::move(space)) {}

  void read(const Node& node, Entries<T>& entries, Reader& reader) const override {
    if (!is_map(node, reader, fmt::format("a map of {}s by name", noun_))) return;
    if (node.members.size() > limits::kConfigEntries) {
      reader.error(
          node.members[limits::kConfigEntries].place,
          fmt::format("has {} entries; at most {} are read", node.members.size(), limits::kConfigEntries));
      return;
    }
    for (const Member& member : node.members) {
      Reader::Inside inside(reader, member.key, noun_);
      check_name(member, reader);
      reader.define(space_, member.key, member.place);
      T entry{};
      entry.*name_ = member.key;
      entry_->read(member.value, entry, reader);
      entries.insert_or_assign(member.key, std::move(entry));
    }
  }
  Json show(const Entries<T>& entries) const override {
    Json map = Json::object();
    for (const auto& [name, entry] : entries) map[name] = entry_->show(entry);
    return map;
  }
  Json schema() const override { return entries_schema(entry_->schema()); }

 private:
  ShapePtr<T> entry_;
  std::string T::* name_;
  std::string noun_;
  std::string space_;
};

template <class T>
ShapePtr<Entries<T>> entries_of(ShapePtr<T> entry, std::string T::* name, std::string noun,
                                std::string space) {
  return std::make_shared<EntriesShape<T>>(std::move(entry), name, std::move(noun), std::move(space));
}

}  // namespace troupe::config
