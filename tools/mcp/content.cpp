#include "tools/mcp/content.h"

#include "runtime/base/ascii.h"
#include "tools/json_schema.h"
#include "tools/mcp/bounds.h"
#include "tools/observation.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace troupe::tools::mcp {

namespace {

/// Texts joined up to a bound.
class Text {
 public:
  void add(std::string_view part) {
    if (full_) return;
    if (!text_.empty()) text_ += '\n';
    const std::size_t room = bounds::kResultText - std::min(text_.size(), bounds::kResultText);
    full_ = part.size() > room;
    text_ += beginning(part, room);
    if (full_) text_ += "\n[cut here: the server sent more]";
  }
  bool empty() const { return text_.empty(); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  bool full_ = false;
};

std::string name_at(const Json& value, std::string_view key, std::string_view fallback = "") {
  return std::string(beginning(string_or(value, key, fallback), bounds::kNameBytes));
}

std::size_t decoded_size(std::string_view base64) {
  while (base64.ends_with('=')) base64.remove_suffix(1);
  return base64.size() * 3 / 4;
}

std::string bytes_note(std::string_view kind, const Json& part, std::string_view key) {
  return fmt::format("[{}, {}, {} bytes]", kind, name_at(part, "mimeType", "unknown type"),
                     decoded_size(string_or(part, key)));
}

void add_contents(const Json& contents, Text& text) {
  const std::string uri = name_at(contents, "uri");
  if (contents.contains("blob")) return text.add(bytes_note("resource " + uri, contents, "blob"));
  text.add(fmt::format("[resource {}]\n{}", uri, string_or(contents, "text")));
}

void add_link(const Json& part, Text& text, std::vector<Source>& sources) {
  const std::string uri = name_at(part, "uri");
  const std::string name = name_at(part, "title", name_at(part, "name"));
  const std::string about = string_or(part, "description");
  text.add(fmt::format("[resource {}: {}{}{}]", name, uri, about.empty() ? "" : ", ",
                       beginning(about, bounds::kNameBytes)));
  if (uri.starts_with("https://") || uri.starts_with("http://")) sources.push_back({name, uri, nullptr});
}

void add_part(const Json& part, Text& text, std::vector<Source>& sources) {
  const std::string type = string_or(part, "type");
  if (type == "text") return text.add(string_or(part, "text"));
  if (type == "image" || type == "audio") return text.add(bytes_note(type, part, "data"));
  if (type == "resource_link") return add_link(part, text, sources);
  if (const Json* resource = find(part, "resource"); type == "resource" && resource)
    return add_contents(*resource, text);
  text.add(fmt::format("[content of an unknown type, `{}`]", beginning(type, 64)));
}

void add_parts(const Json* parts, Text& text, std::vector<Source>& sources) {
  if (!parts || !parts->is_array()) return;
  std::size_t count = 0;
  for (const Json& part : *parts) {
    if (++count > bounds::kParts)
      return text.add(fmt::format("[{} more parts]", parts->size() - bounds::kParts));
    add_part(part, text, sources);
  }
}

// In any order of keys.
bool same(const Json& one, const Json& other) {
  return nlohmann::json(one) == nlohmann::json(other);
}

bool says(const std::string& text, const Json& value) {
  if (value.is_string() && value.get_ref<const std::string&>() == text) return true;
  const auto read = parse_json(text, limits::kJsonDepth, bounds::kMessageBytes);
  return read && same(*read, value);
}

std::vector<std::string> texts_of(const Json* parts) {
  std::vector<std::string> texts;
  if (!parts || !parts->is_array()) return texts;
  for (const Json& part : *parts)
    if (string_or(part, "type") == "text" && texts.size() < bounds::kParts)
      texts.push_back(string_or(part, "text"));
  return texts;
}

/// Servers are to give structured content as text, too; not all do. Results that are no object stand in
/// `result` of one with many, and a list of results is a text for each.
bool says(const std::vector<std::string>& texts, const Json& structured) {
  const Json* result = structured.size() == 1 ? find(structured, "result") : nullptr;
  const auto one_of_them = [&](const Json& value) {
    return std::ranges::any_of(texts, [&](const std::string& text) { return says(text, value); });
  };
  if (one_of_them(structured)) return true;
  if (!result) return false;
  const bool each = result->is_array() && result->size() == texts.size() &&
                    std::ranges::equal(texts, *result,
                                       [](const auto& text, const Json& value) { return says(text, value); });
  return each || one_of_them(*result);
}

std::string misfit(const Json* structured, std::string_view output_schema) {
  if (output_schema.empty()) return "";
  if (!structured) return "[the tool promised structured content and gave none]";
  auto schema = JsonSchema::parse(output_schema);
  if (!schema) return "";
  auto fits = schema->check(*structured);
  return fits
             ? ""
             : "[the structured content is not as the tool's schema promises:\n" + fits.error().message + "]";
}

/// Lines of a list, the first of those that are wanted.
class Lines {
 public:
  explicit Lines(std::string_view wanted) : wanted_(wanted) {}
  void add(std::string line) {
    if (lower(line).find(wanted_) == std::string::npos) return;
    if (++count_ > bounds::kListedShown) return;
    text_ += (text_.empty() ? "" : "\n") + line;
  }
  std::string take(std::string_view noun) {
    if (count_ == 0) return fmt::format("There are no {}{}.", noun, wanted_.empty() ? "" : " like that");
    if (count_ > bounds::kListedShown)
      text_ += fmt::format("\n[{} more; ask for fewer with `query`]", count_ - bounds::kListedShown);
    return std::move(text_);
  }

 private:
  std::string_view wanted_;
  std::string text_;
  std::size_t count_ = 0;
};

std::string about(const Json& item) {
  const std::string description = string_or(item, "description", string_or(item, "title"));
  return description.empty() ? "" : " — " + std::string(beginning(description, bounds::kLogLine));
}

}  // namespace

Result<ToolOutput> read_result(const Json& result, std::string_view output_schema) {
  Text text;
  ToolOutput output;
  add_parts(find(result, "content"), text, output.sources);
  const Json* structured = find(result, "structuredContent");
  const bool more = structured && (text.empty() || !structured->empty());
  if (more && !says(texts_of(find(result, "content")), *structured)) text.add(dump(*structured));
  const Json* wrong = find(result, "isError");
  if (wrong && wrong->is_boolean() && wrong->get<bool>()) {
    std::string why = text.take();
    return fail(ErrorCode::tool, why.empty() ? "the tool failed and did not say why" : std::move(why));
  }
  if (const std::string note = misfit(structured, output_schema); !note.empty()) text.add(note);
  output.text = text.empty() ? "[the tool gave nothing back]" : text.take();
  return output;
}

ToolOutput read_contents(const Json& result) {
  Text text;
  const Json* contents = find(result, "contents");
  if (contents && contents->is_array())
    for (std::size_t i = 0; i < std::min(contents->size(), bounds::kParts); ++i)
      add_contents((*contents)[i], text);
  return {.text = text.empty() ? "[the resource is empty]" : text.take()};
}

ToolOutput read_prompt(const Json& result) {
  Text text;
  ToolOutput output;
  if (const std::string description = string_or(result, "description"); !description.empty())
    text.add(description);
  const Json* messages = find(result, "messages");
  if (messages && messages->is_array()) {
    for (std::size_t i = 0; i < std::min(messages->size(), bounds::kParts); ++i) {
      const Json& message = (*messages)[i];
      text.add(name_at(message, "role", "user") + ":");
      if (const Json* content = find(message, "content")) add_part(*content, text, output.sources);
    }
  }
  output.text = text.empty() ? "[the prompt is empty]" : text.take();
  return output;
}

std::string list_resources(const Json& resources, const Json& templates, std::string_view wanted) {
  Lines lines(wanted);
  for (const Json& item : resources)
    lines.add(fmt::format("{} ({}{}){}", name_at(item, "uri"), name_at(item, "name"),
                          item.contains("mimeType") ? ", " + name_at(item, "mimeType") : "", about(item)));
  for (const Json& item : templates)
    lines.add(fmt::format("{} ({}, fill in what stands in braces){}", name_at(item, "uriTemplate"),
                          name_at(item, "name"), about(item)));
  return lines.take("resources");
}

std::string list_prompts(const Json& prompts, std::string_view wanted) {
  Lines lines(wanted);
  for (const Json& item : prompts) {
    std::string arguments;
    if (const Json* list = find(item, "arguments"); list && list->is_array())
      for (std::size_t i = 0; i < std::min(list->size(), bounds::kParamHeaders); ++i) {
        const Json* required = find((*list)[i], "required");
        const bool must = required && *required == true;
        arguments += (arguments.empty() ? "" : ", ") + name_at((*list)[i], "name") + (must ? "" : "?");
      }
    lines.add(fmt::format("{}({}){}", name_at(item, "name"), arguments, about(item)));
  }
  return lines.take("prompts");
}

}  // namespace troupe::tools::mcp
