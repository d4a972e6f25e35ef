#pragma once

#include "runtime/config/keys.h"
#include "runtime/config/shape.h"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::config {

/// The declaration of a struct: each key once, with the member it fills, its shape and a line about it.
/// Defaults are those of a default-made T.
///
///   Record<Price> price("What tokens cost");
///   price.field("input", &Price::input, number(0, 1e6), "per million input tokens").required();
template <class T>
class Record final : public Shape<T> {
 public:
  explicit Record(std::string about) : about_(std::move(about)) {}

  /// What field() returns, to say more about the key just declared.
  class Declared {
   public:
    explicit Declared(Key& key) : key_(key) {}
    Declared& required() { return key_.required = true, *this; }
    Declared& secret() { return key_.secret = true, *this; }
    /// The member's default is a sentinel ("0: unknown"): it is neither shown nor written to the schema.
    Declared& without_default() { return key_.no_default = true, *this; }

   private:
    Key& key_;
  };

  template <class M>
  Declared field(std::string key, M T::* member, ShapePtr<M> shape, std::string about) {
    Field field;
    field.read = [member, shape](const Node& node, T& value, Reader& reader) {
      shape->read(node, value.*member, reader);
    };
    field.show = [member, shape](const T& value) { return shape->show(value.*member); };
    field.schema = [shape] { return shape->schema(); };
    return add(std::move(key), std::move(about), std::move(field));
  }

  /// The same for what lies deeper in T: `access` gives it, of a T& and of a const T&.
  template <class M, class Access>
  Declared field_at(std::string key, Access access, ShapePtr<M> shape, std::string about) {
    Field field;
    field.read = [access, shape](const Node& node, T& value, Reader& reader) {
      shape->read(node, access(value), reader);
    };
    field.show = [access, shape](const T& value) { return shape->show(access(value)); };
    field.schema = [shape] { return shape->schema(); };
    return add(std::move(key), std::move(about), std::move(field));
  }

  /// A key whose map fills further members of the same struct (`auth:` of a server).
  Declared group(std::string key, Record<T> record) {
    Field field;
    std::string about = record.about_;
    field.read = [record](const Node& node, T& value, Reader& reader) { record.read(node, value, reader); };
    field.show = [record](const T& value) { return record.show(value); };
    field.schema = [record] { return record.schema(); };
    Declared declared = add(std::move(key), std::move(about), std::move(field));
    keys_.known.back().group = true;
    return declared;
  }

  /// A key that somebody else reads.
  void external(std::string key, Json schema, std::string about) {
    Field field;
    field.schema = [schema = std::move(schema)] { return schema; };
    add(std::move(key), std::move(about), std::move(field));
    keys_.known.back().external = true;
  }

  /// Moves the key declared last to the front: the order in which keys are shown.
  void show_first() {
    std::rotate(fields_.begin(), fields_.end() - 1, fields_.end());
    std::rotate(keys_.known.begin(), keys_.known.end() - 1, keys_.known.end());
  }

  /// Keys of the specification that this version does not have.
  void reserve(const std::vector<std::string>& keys) {
    keys_.reserved.insert(keys_.reserved.end(), keys.begin(), keys.end());
  }
  /// What to tell people who write `key`: "write `base_url`".
  void advise(std::string key, std::string text) {
    keys_.advice.try_emplace(std::move(key), std::move(text));
  }
  /// Runs when the record was read without errors.
  void check(std::function<void(const T&, Check&)> rule) { checks_.push_back(std::move(rule)); }

  const Keys& keys() const { return keys_; }

  void read(const Node& node, T& value, Reader& reader) const override {
    std::size_t errors = reader.errors();
    keys_.read(node, reader,
               [&](std::size_t i, const Node& child) { fields_[i].read(child, value, reader); });
    // A rule about several keys would only repeat what is wrong with one of them.
    if (reader.errors() != errors) return;
    Check check(node, reader);
    for (const auto& rule : checks_) rule(value, check);
  }

  /// Leaves out secrets, and what is blank or a default that is not stated.
  Json show(const T& value) const override {
    static const T defaults{};
    Json object = Json::object();
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const Key& key = keys_.known[i];
      if (key.external || key.secret) continue;
      Json shown = fields_[i].show(value);
      if (blank(shown) || (key.no_default && shown == fields_[i].show(defaults))) continue;
      object[key.name] = std::move(shown);
    }
    return object;
  }

  Json schema() const override {
    const T values{};
    std::vector<Json> properties;
    std::vector<Json> defaults;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const Key& key = keys_.known[i];
      bool stated = !key.required && !key.secret && !key.external && !key.group && !key.no_default;
      properties.push_back(fields_[i].schema());
      defaults.push_back(stated ? fields_[i].show(values) : Json(nullptr));
    }
    return keys_.schema(about_, properties, defaults);
  }

 private:
  struct Field {
    std::function<void(const Node&, T&, Reader&)> read;
    std::function<Json(const T&)> show;
    std::function<Json()> schema;
  };

  Declared add(std::string key, std::string about, Field field) {
    fields_.push_back(std::move(field));
    keys_.known.push_back({.name = std::move(key), .about = std::move(about)});
    return Declared(keys_.known.back());
  }

  std::string about_;
  Keys keys_;
  std::vector<Field> fields_;
  std::vector<std::function<void(const T&, Check&)>> checks_;
};

template <class T>
ShapePtr<T> shape(Record<T> record) {
  return std::make_shared<Record<T>>(std::move(record));
}

}  // namespace troupe::config
