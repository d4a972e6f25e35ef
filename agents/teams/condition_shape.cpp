#include "agents/teams/condition_shape.h"

#include "agents/teams/names.h"
#include "agents/teams/one_of_keys.h"
#include "agents/teams/part_shape.h"
#include "runtime/config/collections.h"
#include "runtime/config/json_value.h"
#include "runtime/config/scalars.h"

#include <algorithm>

namespace troupe::agents {

namespace {

using Condition = ConditionSettings;
using Kind = Condition::Kind;
using Test = Condition::Test;

constexpr std::size_t kParts = 16;  // of one `any` or `all`
constexpr int kDescribedDepth = 2;  // of the schema, which has no end of its own

// A value of one type where JSON has many.
template <class T>
config::ShapePtr<Json> as_json(config::ShapePtr<T> typed) {
  class Typed final : public config::Shape<Json> {
   public:
    explicit Typed(config::ShapePtr<T> inner) : inner_(std::move(inner)) {}
    void read(const config::Node& node, Json& value, config::Reader& reader) const override {
      T read{};
      const std::size_t errors = reader.errors();
      inner_->read(node, read, reader);
      if (reader.errors() == errors) value = std::move(read);
    }
    Json show(const Json& value) const override {
      try {
        return inner_->show(value.get<T>());
      } catch (const Json::exception&) {  // settings that nobody read, of another type
        return nullptr;
      }
    }
    Json schema() const override { return inner_->schema(); }

   private:
    config::ShapePtr<T> inner_;
  };
  return std::make_shared<Typed>(std::move(typed));
}

config::ShapePtr<Json> list_value() {
  class List final : public config::Shape<Json> {
   public:
    void read(const config::Node& node, Json& value, config::Reader& reader) const override {
      if (node.kind != config::Node::Kind::sequence || node.items.empty())
        return reader.wrong_kind(node, "a list of values");
      value_->read(node, value, reader);
    }
    Json show(const Json& value) const override { return value_->show(value); }
    Json schema() const override { return {{"type", "array"}}; }

   private:
    config::ShapePtr<Json> value_ = config::json_value("a value");
  };
  return std::make_shared<List>();
}

struct TestKey {
  std::string name;
  Test test;
  std::string about;
  config::ShapePtr<Json> shape;
};

const std::vector<TestKey>& tests() {
  constexpr double kMost = 1e15;  // what a double holds exactly, and then some
  static const std::vector<TestKey> all = {
      {"equals", Test::equals, "it is this value", config::json_value("a value")},
      {"differs", Test::differs, "it is another value than this", config::json_value("a value")},
      {"contains", Test::contains, "a text has this in it, a list this element",
       config::json_value("a value")},
      {"matches", Test::matches, "a text matches this regular expression", as_json(regular_expression())},
      {"less", Test::less, "a number is below this one", as_json(config::number(-kMost, kMost))},
      {"more", Test::more, "a number is above this one", as_json(config::number(-kMost, kMost))},
      {"in", Test::in, "it is one of these", list_value()},
      {"exists", Test::exists, "`true`: there is such a value; `false`: there is none",
       as_json(config::boolean())},
  };
  return all;
}

class CompareShape final : public config::Shape<Condition> {
 public:
  void read(const config::Node& node, Condition& value, config::Reader& reader) const override {
    const TestKey* test = nullptr;
    for (const config::Member& member : node.members) {
      config::Reader::Inside inside(reader, member.key);
      if (member.key == "of") {
        of_->read(member.value, value.of, reader);
      } else if (member.key == "at") {
        at_->read(member.value, value.pointer, reader);
      } else if (const auto key = std::ranges::find(tests(), member.key, &TestKey::name);
                 test && key != tests().end()) {
        reader.error(member.place,
                     fmt::format("is one test too many beside `{0}`; write `all: [ {{ {0}: … }}, "
                                 "{{ {1}: … }} ]`",
                                 test->name, member.key));
      } else if (key != tests().end()) {
        test = &*key;
        value.test = test->test;
        test->shape->read(member.value, value.value, reader);
      }
    }
    if (!test) reader.error(node.place, fmt::format("tests nothing; write one of {}", names_of_tests()));
  }

  Json show(const Condition& value) const override {
    Json shown = Json::object();
    if (!value.of.empty()) shown["of"] = of_->show(value.of);
    if (!value.pointer.empty()) shown["at"] = at_->show(value.pointer);
    for (const TestKey& test : tests())
      if (test.test == value.test) shown[test.name] = test.shape->show(value.value);
    return shown;
  }

  Json schema() const override {
    Json properties = Json::object();
    auto add = [&](const std::string& name, Json schema, const std::string& about) {
      schema["description"] = about;
      properties[name] = std::move(schema);
    };
    add("of", of_->schema(), "a node, or `board.NAME`; without it the node the edge comes from");
    add("at", at_->schema(), "a JSON pointer into its data; without it its text");
    for (const TestKey& test : tests()) add(test.name, test.shape->schema(), test.about);
    return {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  }

  static std::string names_of_tests() {
    std::vector<std::string> names;
    for (const TestKey& test : tests()) names.push_back(test.name);
    return config::enumerate(names);
  }

 private:
  config::ShapePtr<std::string> of_ = config::line({.expected = "a node, or `board.NAME`", .bytes_max = 128});
  config::ShapePtr<std::string> at_ = json_pointer();
};

class ConditionShape final : public config::Shape<Condition> {
 public:
  explicit ConditionShape(int depth) : depth_(depth) {
    if (depth == 0) return;
    auto inner = std::make_shared<ConditionShape>(depth - 1);
    auto parts = config::list_of<Condition>(inner, "a list of conditions", kParts);
    keys_ = {{"any", Kind::any, "one of these holds", part_of(&Condition::parts, parts)},
             {"all", Kind::all, "all of these hold", part_of(&Condition::parts, parts)},
             {"not", Kind::negation, "this does not hold",
              part_of(&Condition::parts, only_part<Condition>(inner))}};
  }

  void read(const config::Node& node, Condition& value, config::Reader& reader) const override {
    if (node.kind != config::Node::Kind::map)
      return reader.wrong_kind(node, "a condition such as `{ at: /approved, equals: true }`");
    const bool joined = std::ranges::any_of(
        keys_, [&](const OneKey<Condition>& key) { return node.find(key.name) != nullptr; });
    if (!joined) {
      if (known(node, reader)) compare_.read(node, value, reader);
      return;
    }
    for (const config::Member& member : node.members)
      if (std::ranges::find(keys_, member.key, &OneKey<Condition>::name) == keys_.end() &&
          known(node, reader))
        return reader.error(
            member.place,
            fmt::format("`{}` stands beside `any`, `all` or `not`, which take whole conditions: "
                        "`not: {{ of: …, equals: … }}`; another value than one is `differs`",
                        config::clip(member.key)));
    const auto* key = the_key(node, keys_, reader, "a condition");
    if (!key) return;
    value.kind = key->kind;
    config::Reader::Inside inside(reader, key->name);
    const std::size_t errors = reader.errors();
    key->shape->read(node.find(key->name)->value, value, reader);
    if (reader.errors() == errors && value.parts.empty())
      reader.error(node.place, "has no conditions; write at least one");
  }

  Json show(const Condition& value) const override {
    for (const auto& key : keys_)
      if (key.kind == value.kind) return Json{{key.name, key.shape->show(value)}};
    return compare_.show(value);
  }

  Json schema() const override {
    if (depth_ + kDescribedDepth < limits::kUntilDepth) return {{"type", "object"}};
    Json schema = compare_.schema();
    const Json joined = one_key_schema(keys_);
    for (const auto& [key, property] : joined["properties"].items()) schema["properties"][key] = property;
    return schema;
  }

 private:
  // Reports keys that no condition has.
  bool known(const config::Node& node, config::Reader& reader) const {
    std::vector<std::string> names{"of", "at"};
    for (const TestKey& test : tests()) names.push_back(test.name);
    for (const auto& key : keys_) names.push_back(key.name);
    bool good = true;
    for (const config::Member& member : node.members) {
      if (std::ranges::find(names, member.key) != names.end()) continue;
      std::string hint = did_you_mean(member.key, names);
      if (hint.empty()) hint = "; known here: " + config::enumerate(names);
      reader.error(member.place, fmt::format("unknown key `{}`{}", config::clip(member.key), hint));
      good = false;
    }
    return good;
  }

  int depth_;
  CompareShape compare_;
  std::vector<OneKey<Condition>> keys_;
};

}  // namespace

config::ShapePtr<ConditionSettings> condition_shape() {
  return std::make_shared<ConditionShape>(limits::kUntilDepth);
}

}  // namespace troupe::agents
