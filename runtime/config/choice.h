#pragma once

#include "runtime/config/record.h"
#include "runtime/config/scalars.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::config {

/// The schema of a choice from those of its kinds.
Json choice_schema(const std::string& key, const Words& words, const std::string& fallback, bool shorthand,
                   std::vector<Json> kinds);

/// An entry whose other keys depend on one of them: `type:` of a tool, `provider:` of a model.
template <class T>
class Choice final : public Shape<T> {
 public:
  struct Kind {
    std::string word;  ///< "tavily", or a family: "plugin/NAME"
    std::string about;
    Record<T> record;  ///< its keys, without the deciding one
  };

  /// The deciding key may be left out when T's default for `member` is one of the kinds. `reserved`: kinds
  /// that this version does not have.
  Choice(std::string key, std::string T::* member, std::vector<Kind> kinds, std::vector<std::string> reserved)
      : key_(std::move(key)), member_(member), kinds_(std::move(kinds)) {
    for (const Kind& kind : kinds_) words_.words.push_back({kind.word, kind.about});
    words_.reserved = std::move(reserved);
    for (Kind& kind : kinds_) {
      for (const Kind& other : kinds_) explain_keys_of(other, kind);
      kind.record.field(key_, member_, one_of(words_), "which kind");
      kind.record.show_first();
    }
  }

  /// `memory: none` for `memory: { type: none }`.
  Choice& with_shorthand() { return shorthand_ = true, *this; }

  void read(const Node& node, T& value, Reader& reader) const override {
    if (node.kind == Node::Kind::scalar && shorthand_) {
      Node whole{.kind = Node::Kind::map, .place = node.place};
      whole.members.push_back({key_, node.place, node});
      read_map(whole, value, reader);
    } else if (node.kind == Node::Kind::map || node.kind == Node::Kind::null) {
      read_map(node, value, reader);
    } else {
      reader.wrong_kind(node, fmt::format("a map with `{}`", key_));
    }
  }

  Json show(const T& value) const override {
    const Kind* kind = find(value.*member_);
    if (!kind) return Json::object();
    return kind->record.show(value);
  }

  Json schema() const override {
    std::vector<Json> kinds;
    for (const Kind& kind : kinds_) kinds.push_back(kind.record.schema());
    return choice_schema(key_, words_, T{}.*member_, shorthand_, std::move(kinds));
  }

 private:
  // Keys of `other` that `kind` lacks are not unknown, only out of place.
  void explain_keys_of(const Kind& other, Kind& kind) {
    const auto& own = kind.record.keys().known;
    for (const Key& key : other.record.keys().known) {
      if (key.name == key_ ||
          std::any_of(own.begin(), own.end(), [&](const Key& k) { return k.name == key.name; }))
        continue;
      kind.record.advise(key.name, fmt::format("it belongs to `{}: {}`", key_, other.word));
    }
    kind.record.reserve(other.record.keys().reserved);
  }

  const Kind* find(const std::string& word) const {
    for (const Kind& kind : kinds_)
      if (stands_for(kind.word, word)) return &kind;
    return nullptr;
  }

  void read_map(const Node& node, T& value, Reader& reader) const {
    const Member* deciding = node.find(key_);
    std::string word = T{}.*member_;
    if (deciding) {
      Reader::Inside inside(reader, key_);
      auto scalar = reader.scalar(deciding->value, "one of " + enumerate(words_.names()));
      if (!scalar) return;
      if (std::string problem = words_.check(*scalar); !problem.empty()) {
        reader.error(deciding->value.place, problem);
        return;
      }
      word = scalar->text;
    } else if (word.empty()) {
      reader.error(node.place,
                   fmt::format("`{}` is missing; it is one of {}", key_, enumerate(words_.names())));
      return;
    }
    value.*member_ = word;
    find(word)->record.read(node, value, reader);
  }

  std::string key_;
  std::string T::* member_;
  std::vector<Kind> kinds_;
  Words words_;
  bool shorthand_ = false;
};

template <class T>
ShapePtr<T> shape(Choice<T> choice) {
  return std::make_shared<Choice<T>>(std::move(choice));
}

}  // namespace troupe::config
