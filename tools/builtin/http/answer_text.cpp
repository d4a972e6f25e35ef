#include "tools/builtin/http/answer_text.h"

#include "runtime/base/ascii.h"
#include "tools/builtin/http/text_template.h"
#include "tools/builtin/text/html_text.h"
#include "tools/builtin/text/sound_utf8.h"
#include "tools/builtin/web_service.h"
#include "tools/json_pointer.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr std::size_t kTitleBytes = 200;

bool is_json(std::string_view type) {
  return type == "application/json" || type == "text/json" || type.ends_with("+json");
}

bool is_html(std::string_view type) {
  return type == "text/html" || type == "application/xhtml+xml";
}

Result<std::string> part_text(const Json& whole, const AnswerParts& parts) {
  if (parts.pointers.empty()) return dump(whole);
  Json picked = Json::object();
  for (const auto& [name, pointer] : parts.pointers)
    if (const Json* value = at_pointer(whole, pointer)) {
      if (name.empty()) return text_of(*value);
      picked[name] = *value;
    }
  if (!picked.empty()) return dump(picked);
  return fail(ErrorCode::tool, fmt::format("the answer has nothing at `{}`; it begins: {}",
                                           parts.pointers.front().second, excerpt(dump(whole))));
}

Result<> add_pointer(AnswerParts& parts, std::string name, const Json& pointer) {
  if (!pointer.is_string())
    return fail(ErrorCode::invalid, "is a JSON pointer, a list of them or a map from names to them");
  const auto text = pointer.get<std::string>();
  if (std::string problem = pointer_problem(text); !problem.empty())
    return fail(ErrorCode::invalid, fmt::format("`{}`: {}", text, problem));
  parts.pointers.emplace_back(std::move(name), text);
  return {};
}

}  // namespace

Result<AnswerParts> read_answer_parts(const Json& written) {
  AnswerParts parts;
  if (written.is_null() || (written.is_string() && written.get_ref<const std::string&>().empty()))
    return parts;
  if (written.is_array()) {
    for (const Json& pointer : written)
      if (auto added = add_pointer(parts, pointer.is_string() ? pointer.get<std::string>() : "", pointer);
          !added)
        return fail(std::move(added.error()));
    return parts;
  }
  if (written.is_object()) {
    for (const auto& [name, pointer] : written.items())
      if (auto added = add_pointer(parts, name, pointer); !added) return fail(std::move(added.error()));
    return parts;
  }
  if (auto added = add_pointer(parts, "", written); !added) return fail(std::move(added.error()));
  return parts;
}

std::string media_type(const net::HttpHead& head) {
  std::string_view type = head.header("content-type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  while (type.starts_with(' ')) type.remove_prefix(1);
  return lower(type);
}

bool readable(std::string_view type, const std::vector<std::string>& allowed) {
  if (!allowed.empty())
    return std::ranges::any_of(allowed, [&](const std::string& entry) {
      const std::string one = lower(entry);
      return one.ends_with("/*") ? type.starts_with(one.substr(0, one.size() - 1)) : type == one;
    });
  static constexpr std::string_view kText[] = {"",
                                               "application/xml",
                                               "application/javascript",
                                               "application/yaml",
                                               "application/x-yaml",
                                               "application/x-ndjson",
                                               "application/jsonl",
                                               "application/json-seq",
                                               "application/x-www-form-urlencoded",
                                               "application/graphql"};
  return type.starts_with("text/") || is_json(type) || type.ends_with("+xml") || type.ends_with("+yaml") ||
         std::ranges::find(kText, type) != std::end(kText);
}

Result<std::string> answer_text(const net::HttpResponse& answer, const AnswerParts& parts) {
  const std::string type = media_type(answer);
  if (is_json(type) || !parts.pointers.empty()) {
    if (answer.body.empty() && parts.pointers.empty()) return std::string();
    auto json = parse_json(answer.body);
    if (json) return part_text(*json, parts);
    if (!parts.pointers.empty())
      return fail(ErrorCode::tool, fmt::format("the answer is not JSON ({}); it begins: {}",
                                               json.error().message, excerpt(sound_utf8(answer.body))));
  }
  if (is_html(type)) return html_to_text(sound_utf8(answer.body));
  return sound_utf8(answer.body);
}

std::string page_title(std::string_view html) {
  constexpr std::string_view kOpen = "<title", kClose = "</title";
  const std::string start = lower(html.substr(0, std::size_t{64} << 10));
  const auto open = start.find(kOpen);
  const auto from = open == start.npos ? open : start.find('>', open);
  const auto to = from == start.npos ? from : start.find(kClose, from);
  if (to == start.npos) return "";
  return excerpt(sound_utf8(html.substr(from + 1, to - from - 1)), kTitleBytes);
}

}  // namespace troupe::tools
