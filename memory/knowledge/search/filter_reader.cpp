#include "memory/knowledge/search/filter_reader.h"

#include "memory/knowledge/search/limits.h"
#include "runtime/base/suggest.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

enum class Operation {
  one_of_value,
  not_value,
  less,
  at_most,
  greater,
  at_least,
  in,
  not_in,
  exists,
  without
};

struct Spelling {
  std::string_view text;
  Operation operation;
};

constexpr Spelling kOperations[] = {
    {"=", Operation::one_of_value},   {"==", Operation::one_of_value}, {"eq", Operation::one_of_value},
    {"$eq", Operation::one_of_value}, {"!=", Operation::not_value},    {"<>", Operation::not_value},
    {"ne", Operation::not_value},     {"$ne", Operation::not_value},   {"<", Operation::less},
    {"lt", Operation::less},          {"$lt", Operation::less},        {"<=", Operation::at_most},
    {"lte", Operation::at_most},      {"$lte", Operation::at_most},    {">", Operation::greater},
    {"gt", Operation::greater},       {"$gt", Operation::greater},     {">=", Operation::at_least},
    {"gte", Operation::at_least},     {"$gte", Operation::at_least},   {"in", Operation::in},
    {"$in", Operation::in},           {"not in", Operation::not_in},   {"not_in", Operation::not_in},
    {"nin", Operation::not_in},       {"$nin", Operation::not_in},     {"exists", Operation::exists},
    {"$exists", Operation::exists},   {"not", Operation::without},     {"$not", Operation::without}};

std::optional<Operation> operation_of(std::string_view word) {
  const auto* found = std::ranges::find(kOperations, word, &Spelling::text);
  return found == std::end(kOperations) ? std::nullopt : std::optional(found->operation);
}

// Keys come from outside and may be long.
std::string shown_place(const std::string& pointer) {
  constexpr std::size_t kShown = 200;
  if (pointer.empty()) return "";
  return " " + (pointer.size() > kShown ? pointer.substr(0, kShown) + "…" : pointer);
}

std::unexpected<Error> wrong(const std::string& pointer, const std::string& what) {
  return fail(ErrorCode::invalid, fmt::format("filter{}: {}", shown_place(pointer), what));
}

std::unexpected<Error> too_many(const std::string& pointer, std::string_view what, std::size_t max) {
  return fail(ErrorCode::too_large, fmt::format("filter{}: {}; at most {}", shown_place(pointer), what, max));
}

std::string below(const std::string& pointer, std::string_view key) {
  std::string out = pointer + '/';
  for (char c : key)
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  return out;
}

std::string_view kind_of(const Json& value) {
  if (value.is_null()) return "null";
  if (value.is_array()) return "a list";
  if (value.is_object()) return "an object";
  if (value.is_string()) return "a text";
  return value.is_boolean() ? "a boolean" : "a number";
}

std::string shown(std::string_view key) {
  return std::string(key.substr(0, 64));
}

std::unexpected<Error> unknown_operation(const std::string& pointer, std::string_view word) {
  std::vector<std::string> known;
  for (const Spelling& spelling : kOperations)
    if (spelling.text.starts_with('$') == word.starts_with('$')) known.emplace_back(spelling.text);
  return wrong(pointer,
               fmt::format("unknown operator `{}`{}; there are = != < <= > >= in, not in, exists, not",
                           shown(word), did_you_mean(word, known)));
}

}  // namespace

Result<std::size_t> FilterReader::open(Kind kind, const std::string& pointer) {
  if (filter_.nodes_.size() >= limits::kFilterConditions)
    return too_many(pointer, "too many conditions", limits::kFilterConditions);
  filter_.nodes_.push_back({.kind = kind});
  return filter_.nodes_.size() - 1;
}

Result<> FilterReader::filter(const Json& value, std::string pointer) {
  if (!value.is_object())
    return wrong(pointer, fmt::format("this is {}; write an object of keys, such as {{\"title\": \"…\"}}",
                                      kind_of(value)));
  if (value.empty()) return wrong(pointer, "an empty filter decides nothing; leave it out");
  if (depth_ == limits::kFilterDepth) return too_many(pointer, "nested too deep", limits::kFilterDepth);
  ++depth_;
  std::optional<std::size_t> joined;
  if (value.size() > 1) {
    auto node = open(Kind::all, pointer);
    if (!node) return std::unexpected(std::move(node.error()));
    joined = *node;
  }
  for (const auto& [key, part] : value.items())
    if (auto read = member(key, part, below(pointer, key)); !read) return read;
  if (joined) close(*joined);
  --depth_;
  return {};
}

Result<> FilterReader::member(const std::string& key, const Json& value, const std::string& pointer) {
  if (key == "all" || key == "$and") return group(Kind::all, value, pointer);
  if (key == "any" || key == "$or") return group(Kind::any, value, pointer);
  if (key == "not" || key == "$not") return negation(value, pointer);
  if (key.starts_with('$'))
    return wrong(pointer, fmt::format("unknown operator `{}`{}; around filters there are $and, $or, $not",
                                      shown(key), did_you_mean(key, {"$and", "$or", "$not"})));
  return condition(key, value, pointer);
}

Result<> FilterReader::group(Kind kind, const Json& list, const std::string& pointer) {
  if (!list.is_array() || list.empty())
    return wrong(pointer, fmt::format("takes a list of filters, not {}",
                                      list.is_array() ? "an empty one" : kind_of(list)));
  auto node = open(kind, pointer);
  if (!node) return std::unexpected(std::move(node.error()));
  for (std::size_t i = 0; i < list.size(); ++i)
    if (auto read = filter(list[i], below(pointer, std::to_string(i))); !read) return read;
  close(*node);
  return {};
}

Result<> FilterReader::negation(const Json& value, const std::string& pointer) {
  auto node = open(Kind::negation, pointer);
  if (!node) return std::unexpected(std::move(node.error()));
  if (auto read = filter(value, pointer); !read) return read;
  close(*node);
  return {};
}

Result<> FilterReader::condition(const std::string& key, const Json& value, const std::string& pointer) {
  if (value.is_object()) return operators(key, value, pointer);
  if (value.is_array()) return wrong(pointer, "a list is not compared; for any of these write {\"in\": […]}");
  if (value.is_null())
    return wrong(pointer, "null is not compared; for a key that is not there write {\"exists\": false}");
  return leaf(Kind::one_of, key, value, pointer);
}

Result<> FilterReader::operators(const std::string& key, const Json& value, const std::string& pointer) {
  if (value.empty()) return wrong(pointer, "no operator; write a value, or such as {\"gt\": 2020}");
  std::optional<std::size_t> joined;
  if (value.size() > 1) {
    auto node = open(Kind::all, pointer);
    if (!node) return std::unexpected(std::move(node.error()));
    joined = *node;
  }
  for (const auto& [word, operand] : value.items())
    if (auto read = compare(key, word, operand, below(pointer, word)); !read) return read;
  if (joined) close(*joined);
  return {};
}

Result<> FilterReader::compare(std::string_view key, std::string_view operation, const Json& operand,
                               std::string pointer) {
  const auto known = operation_of(operation);
  if (!known) return unknown_operation(pointer, operation);
  switch (*known) {
    case Operation::one_of_value:
    case Operation::not_value:
      if (operand.is_structured() || operand.is_null())
        return wrong(pointer,
                     fmt::format("compares with a text, a number or a boolean, not {}", kind_of(operand)));
      return leaf(*known == Operation::not_value ? Kind::none_of : Kind::one_of, key, operand, pointer);
    case Operation::in:
    case Operation::not_in:
      if (!operand.is_array()) return wrong(pointer, fmt::format("takes a list, not {}", kind_of(operand)));
      return leaf(*known == Operation::in ? Kind::one_of : Kind::none_of, key, operand, pointer);
    case Operation::exists:
      if (!operand.is_boolean())
        return wrong(pointer, fmt::format("takes true or false, not {}", kind_of(operand)));
      return leaf(operand.get<bool>() ? Kind::exists : Kind::absent, key, operand, pointer);
    case Operation::without:
      return without(std::string(key), operand, pointer);
    default:
      break;
  }
  if (!operand.is_string() && !operand.is_number())
    return wrong(pointer, fmt::format("compares with a number or a text, not {}", kind_of(operand)));
  static constexpr std::pair<Operation, Kind> kOrders[] = {{Operation::less, Kind::less},
                                                           {Operation::at_most, Kind::at_most},
                                                           {Operation::greater, Kind::greater},
                                                           {Operation::at_least, Kind::at_least}};
  return leaf(std::ranges::find(kOrders, *known, &std::pair<Operation, Kind>::first)->second, key, operand,
              pointer);
}

Result<> FilterReader::without(const std::string& key, const Json& value, const std::string& pointer) {
  if (depth_ == limits::kFilterDepth) return too_many(pointer, "nested too deep", limits::kFilterDepth);
  ++depth_;
  auto node = open(Kind::negation, pointer);
  if (!node) return std::unexpected(std::move(node.error()));
  if (auto read = condition(key, value, pointer); !read) return read;
  close(*node);
  --depth_;
  return {};
}

Result<> FilterReader::leaf(Kind kind, std::string_view key, const Json& operand,
                            const std::string& pointer) {
  if (key.empty()) return wrong(pointer, "a key is empty");
  if (key.size() > limits::kFilterKeyBytes)
    return too_many(pointer, "a key is too long", limits::kFilterKeyBytes);
  std::vector<Json> values =
      operand.is_array() ? operand.get<std::vector<Json>>() : std::vector<Json>{operand};
  for (std::size_t i = 0; i < values.size(); ++i)
    if (auto fits = value_fits(values[i], operand.is_array() ? below(pointer, std::to_string(i)) : pointer);
        !fits)
      return fits;
  auto node = open(kind, pointer);
  if (!node) return std::unexpected(std::move(node.error()));
  Filter::Node& added = filter_.nodes_[*node];
  added.key = key;
  if (kind == Kind::one_of || kind == Kind::none_of)
    added.values = FilterValues(values);
  else
    added.operand = operand;
  close(*node);
  return {};
}

Result<> FilterReader::value_fits(const Json& value, const std::string& pointer) {
  if (++values_ > limits::kFilterValues) return too_many(pointer, "too many values", limits::kFilterValues);
  if (value.is_structured() || value.is_null())
    return wrong(pointer,
                 fmt::format("compares with texts, numbers and booleans, not with {}", kind_of(value)));
  if (value.is_string() && value.get_ref<const std::string&>().size() > limits::kFilterTextBytes)
    return too_many(pointer, "a text is too long", limits::kFilterTextBytes);
  if (value.is_number_float() && value.get<double>() != value.get<double>())
    return wrong(pointer, "this is no number");
  return {};
}

Filter FilterReader::all_of() && {
  auto& nodes = filter_.nodes_;
  if (nodes.empty() || nodes.front().end == nodes.size()) return std::move(filter_);
  for (Filter::Node& node : nodes) ++node.end;
  nodes.insert(nodes.begin(), {.kind = Kind::all, .end = nodes.size() + 1});
  return std::move(filter_);
}

Result<Filter> Filter::parse(const Json& value) {
  if (value.is_null() || (value.is_object() && value.empty())) return Filter{};
  FilterReader reader;
  if (auto read = reader.filter(value, ""); !read) return std::unexpected(std::move(read.error()));
  Filter filter = std::move(reader).all_of();
  filter.written_ = value;
  return filter;
}

}  // namespace troupe::memory
