#pragma once

#include "runtime/config/shape.h"
#include "runtime/config/text_check.h"

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::config {

/// A shape whose values are single scalars.
template <class T>
class ScalarShape final : public Shape<T> {
 public:
  struct Rules {
    std::string expected;  ///< "a duration such as `30s`"
    std::function<std::expected<T, std::string>(const Scalar&)> parse;
    std::function<Json(const T&)> show;
    Json schema;
  };
  explicit ScalarShape(Rules rules) : rules_(std::move(rules)) {}

  void read(const Node& node, T& value, Reader& reader) const override {
    std::optional<Scalar> scalar = reader.scalar(node, rules_.expected);
    if (!scalar) return;
    auto parsed = rules_.parse(*scalar);
    if (parsed)
      value = std::move(*parsed);
    else
      reader.error(node.place, parsed.error());
  }
  Json show(const T& value) const override { return rules_.show(value); }
  Json schema() const override { return rules_.schema; }

 private:
  Rules rules_;
};

template <class T>
ShapePtr<T> make_scalar(typename ScalarShape<T>::Rules rules) {
  return std::make_shared<ScalarShape<T>>(std::move(rules));
}

/// What a text field may hold. An empty result of `check` means good; else it completes "expected …, got
/// `x`".
struct TextRules {
  std::string expected = "text";
  std::size_t bytes_max = 256u << 10;
  bool empty_allowed = false;
  bool lower_case = false;  ///< kept in lower case, because case means nothing in it
  std::function<std::string(std::string_view)> check;  ///< what is wrong with it, or ""
  std::string pattern;                                 ///< for editors: must not refuse what `check` lets in
};

ShapePtr<std::string> text(TextRules rules = {});
/// One line without control characters.
ShapePtr<std::string> line(TextRules rules = {});
/// The name of an entry of `space` ("models"); it must exist once everything is read. `noun`: "model".
ShapePtr<std::string> reference(std::string space, std::string noun);
/// The same, or `NAME/PART` for a part of an entry; whether the entry has that part is not looked at.
ShapePtr<std::string> part_reference(std::string space, std::string noun);
/// What must be at a path when it is read.
enum class There { anything, file, directory };
/// A path, made absolute.
ShapePtr<std::string> path(There there = There::anything);
/// An http or https URL without user, query and fragment; a trailing `/` is dropped.
ShapePtr<std::string> base_url();

ShapePtr<bool> boolean();
ShapePtr<double> number(double least, double most);
ShapePtr<std::chrono::milliseconds> duration(std::chrono::milliseconds least, std::chrono::milliseconds most);
ShapePtr<std::size_t> bytes(std::size_t least, std::size_t most);
ShapePtr<std::int64_t> integer64(std::int64_t least, std::int64_t most);

/// A whole number of any width.
template <class I>
ShapePtr<I> integer(std::int64_t least, std::int64_t most) {
  ShapePtr<std::int64_t> wide = integer64(least, most);
  class Narrow final : public Shape<I> {
   public:
    explicit Narrow(ShapePtr<std::int64_t> inner) : inner_(std::move(inner)) {}
    void read(const Node& node, I& value, Reader& reader) const override {
      auto number = static_cast<std::int64_t>(value);
      inner_->read(node, number, reader);
      value = static_cast<I>(number);
    }
    Json show(const I& value) const override { return inner_->show(static_cast<std::int64_t>(value)); }
    Json schema() const override { return inner_->schema(); }

   private:
    ShapePtr<std::int64_t> inner_;
  };
  return std::make_shared<Narrow>(std::move(wide));
}

/// What ends a word that stands for a family: `plugin/NAME` for every word that begins with `plugin/`.
inline constexpr std::string_view kFamilyEnd = "/NAME";
/// Whether `word` is what somebody wrote as `written`, or the family of it.
bool stands_for(std::string_view word, std::string_view written);
/// The schema of whatever `word` stands for.
Json word_schema(std::string_view word);

/// One of a few words. `reserved` words exist in the specification and are refused as not available yet.
struct Word {
  std::string word;
  std::string about;
};
struct Words {
  std::vector<Word> words;
  std::vector<std::string> reserved;

  /// What is wrong with `written`, or "".
  std::string check(const Scalar& written) const;
  std::vector<std::string> names() const;
  Json schema() const;
};
ShapePtr<std::string> one_of(Words words);

/// The same for an enum: values[i] is what words.words[i] means.
template <class E>
ShapePtr<E> one_of(Words words, std::vector<E> values) {
  typename ScalarShape<E>::Rules rules;
  rules.expected = "one of " + enumerate(words.names());
  rules.schema = words.schema();
  rules.parse = [words, values](const Scalar& scalar) -> std::expected<E, std::string> {
    if (std::string problem = words.check(scalar); !problem.empty()) return std::unexpected(problem);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (words.words[i].word == scalar.text) return values[i];
    return values.front();
  };
  rules.show = [words, values](const E& value) -> Json {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] == value) return words.words[i].word;
    return nullptr;
  };
  return make_scalar<E>(std::move(rules));
}

/// A field that may be left out without a default.
template <class T>
ShapePtr<std::optional<T>> maybe(ShapePtr<T> inner) {
  class Maybe final : public Shape<std::optional<T>> {
   public:
    explicit Maybe(ShapePtr<T> shape) : shape_(std::move(shape)) {}
    void read(const Node& node, std::optional<T>& value, Reader& reader) const override {
      T present{};
      shape_->read(node, present, reader);
      value = std::move(present);
    }
    Json show(const std::optional<T>& value) const override {
      return value ? shape_->show(*value) : Json(nullptr);
    }
    Json schema() const override { return shape_->schema(); }

   private:
    ShapePtr<T> shape_;
  };
  return std::make_shared<Maybe>(std::move(inner));
}

}  // namespace troupe::config
