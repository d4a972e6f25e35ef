#include "agents/chains/reply_parser.h"

#include "agents/chains/limits.h"
#include "agents/react/parser/json_repair.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < limits::kListItems) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const auto line = trimmed(text.substr(0, end)); !line.empty() && !line.starts_with("```"))
      lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// What stands behind "- ", "* ", "• ", "3. " or "3) "; nothing when the line has no such mark.
std::optional<std::string_view> marked(std::string_view line) {
  for (std::string_view bullet : {"- ", "* ", "+ ", "• ", "– "})
    if (line.starts_with(bullet)) return trimmed(line.substr(bullet.size()));
  std::size_t digits = 0;
  while (digits < line.size() && digits < 4 && line[digits] >= '0' && line[digits] <= '9') ++digits;
  if (digits == 0 || digits + 1 >= line.size()) return std::nullopt;
  const bool closes = line[digits] == '.' || line[digits] == ')';
  if (!closes || line[digits + 1] != ' ') return std::nullopt;
  return trimmed(line.substr(digits + 2));
}

std::string_view unquoted(std::string_view item) {
  if (item.size() >= 2 && item.front() == item.back() && (item.front() == '"' || item.front() == '\''))
    return item.substr(1, item.size() - 2);
  return item;
}

std::vector<std::string> split_at_commas(std::string_view line) {
  std::vector<std::string> items;
  while (items.size() < limits::kListItems) {
    const std::size_t end = std::min(line.find(','), line.size());
    if (const auto item = unquoted(trimmed(line.substr(0, end))); !item.empty()) items.emplace_back(item);
    if (end == line.size()) break;
    line.remove_prefix(end + 1);
  }
  return items;
}

std::optional<std::vector<std::string>> json_list(std::string_view reply) {
  if (!reply.contains('[')) return std::nullopt;
  const auto read = repair_json(reply);
  if (!read || !read->value.is_array() || read->value.size() > limits::kListItems) return std::nullopt;
  std::vector<std::string> items;
  for (const Json& one : read->value) items.push_back(one.is_string() ? one.get<std::string>() : dump(one));
  return items;
}

Result<Json> read_json(std::string_view reply) {
  if (auto exact = parse_json(trimmed(reply))) return std::move(*exact);
  auto mended = repair_json(reply);
  if (mended) return std::move(mended->value);
  return fail(ErrorCode::invalid,
              fmt::format("the reply is no JSON: {}. Reply with exactly one JSON value, with nothing before "
                          "or after it",
                          mended.error().message));
}

Json as_json(std::vector<std::string> items) {
  Json list = Json::array();
  for (std::string& item : items) list.push_back(std::move(item));
  return list;
}

}  // namespace

std::vector<std::string> read_list(std::string_view reply) {
  reply = trimmed(reply);
  if (reply.starts_with('[') || reply.starts_with("```"))
    if (auto items = json_list(reply)) return std::move(*items);
  const auto lines = lines_of(reply);
  std::vector<std::string> items;
  for (std::string_view line : lines)
    if (const auto item = marked(line)) items.emplace_back(*item);
  if (!items.empty()) return items;  // what stands around a marked list is talk
  if (lines.size() == 1) return split_at_commas(lines.front());
  items.assign(lines.begin(), lines.end());
  return items;
}

Result<ReplyParser> ReplyParser::make(const ChainStepSettings& step) {
  ReplyParser parser;
  parser.as_ = step.parse;
  if (step.parse == ParseAs::regex) {
    auto pattern = tools::Pattern::compile(step.pattern);
    if (!pattern) return fail(std::move(pattern.error()));
    parser.group_ = step.group.value_or(pattern->groups() > 0 ? 1 : 0);
    parser.pattern_ = std::move(*pattern);
  }
  if (step.parse == ParseAs::schema) {
    auto schema = StructuredOutput::make({.schema = step.schema});
    if (!schema) return fail(std::move(schema.error()));
    parser.schema_ = std::move(*schema);
  }
  return parser;
}

Result<Json> ReplyParser::read(std::string_view reply) const {
  switch (as_) {
    case ParseAs::json:
      return read_json(reply);
    case ParseAs::list: {
      auto items = read_list(reply);
      if (items.empty()) return fail(ErrorCode::invalid, "the reply is empty; write a list, one item a line");
      return as_json(std::move(items));
    }
    case ParseAs::lines: {
      const auto lines = lines_of(reply);
      if (lines.empty()) return fail(ErrorCode::invalid, "the reply is empty; write at least one line");
      return as_json({lines.begin(), lines.end()});
    }
    case ParseAs::regex:
      return match(reply);
    case ParseAs::schema:
      break;
  }
  const FinalStep whole{.answer = std::string(trimmed(reply))};
  auto fits = schema_->read(&whole, reply);
  if (!fits) return fail(std::move(fits.error()));
  return std::move(fits->data);
}

Result<Json> ReplyParser::match(std::string_view reply) const {
  tools::Pattern::Place found;
  switch (pattern_->capture(reply, group_, found)) {
    case tools::Pattern::Match::yes:
      return Json(std::string(reply.substr(found.at, found.bytes)));
    case tools::Pattern::Match::no:
      return fail(ErrorCode::invalid,
                  fmt::format("the reply does not match the regular expression `{}`; write one that does",
                              pattern_->source()));
    case tools::Pattern::Match::too_hard:
      break;
  }
  return fail(ErrorCode::invalid,
              fmt::format("the reply of {} bytes is too long or too hard for the regular expression `{}`; "
                          "write a shorter one",
                          reply.size(), pattern_->source()));
}

}  // namespace troupe::agents
