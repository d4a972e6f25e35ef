#include "memory/conversation/openai_chat.h"
#include "runtime/base/suggest.h"

#include <fmt/format.h>

namespace troupe::memory {

namespace {

std::unexpected<Error> wrong(std::string_view at, std::string_view what) {
  return fail(ErrorCode::invalid, fmt::format("{}: {}", at, what));
}

Result<std::string> text_at(const Json* json, const std::string& at) {
  if (!json || !json->is_string()) return wrong(at, "must be a text");
  auto text = json->get<std::string>();
  if (text.size() > kImportTextBytes)
    return fail(ErrorCode::too_large,
                fmt::format("{}: {} bytes; a text may have {}", at, text.size(), kImportTextBytes));
  return text;
}

Result<models::Role> role_at(const Json& json, std::string_view at) {
  const std::string role = string_or(json, "role");
  if (role == "developer") return models::Role::system;
  for (models::Role known :
       {models::Role::system, models::Role::user, models::Role::assistant, models::Role::tool})
    if (role == word(known)) return known;
  if (role == "function") return wrong(fmt::format("{}/role", at), "`function` is out of date: use `tool`");
  return wrong(fmt::format("{}/role", at),
               fmt::format("unknown role `{}`{}; known: system, developer, user, assistant, tool", role,
                           did_you_mean(role, {"system", "developer", "user", "assistant", "tool"})));
}

Result<> add_part(const Json& part, const std::string& at, models::Message& message) {
  const std::string type = string_or(part, "type");
  if (type == "text" || type == "input_text" || type == "output_text") {
    auto text = text_at(find(part, "text"), at + "/text");
    if (!text) return std::unexpected(text.error());
    if (!message.content.empty()) message.content += '\n';
    message.content += *text;
    return {};
  }
  if (type == "refusal") {
    auto text = text_at(find(part, "refusal"), at + "/refusal");
    if (!text) return std::unexpected(text.error());
    message.content += *text;
    return {};
  }
  if (type == "image_url" && message.role == models::Role::user) {
    const Json* image = find(part, "image_url");
    std::string url = image ? string_or(*image, "url") : "";
    if (url.empty()) return wrong(at + "/image_url/url", "must be the picture's address");
    message.images.push_back({std::move(url)});
    return {};
  }
  return wrong(at + "/type", fmt::format("a part of type `{}` cannot be imported here; text{} can", type,
                                         message.role == models::Role::user ? " and image_url" : ""));
}

Result<> read_content(const Json& json, const std::string& at, models::Message& message) {
  const Json* content = find(json, "content");
  if (content && content->is_array()) {
    for (std::size_t i = 0; i < content->size(); ++i)
      if (auto added = add_part((*content)[i], fmt::format("{}/content/{}", at, i), message); !added)
        return added;
    if (message.content.size() > kImportTextBytes)
      return fail(ErrorCode::too_large, fmt::format("{}/content: {} bytes; a text may have {}", at,
                                                    message.content.size(), kImportTextBytes));
    return {};
  }
  const bool absent = !content || content->is_null();
  if (absent && !message.tool_calls.empty()) return {};
  if (absent) return wrong(at + "/content", "is missing: a text or a list of parts");
  auto text = text_at(content, at + "/content");
  if (!text) return std::unexpected(text.error());
  message.content = std::move(*text);
  return {};
}

Result<> read_calls(const Json& json, const std::string& at, models::Message& message) {
  const Json* calls = find(json, "tool_calls");
  if (!calls || calls->is_null()) return {};
  if (message.role != models::Role::assistant)
    return wrong(at + "/tool_calls", "only an assistant calls tools");
  if (!calls->is_array()) return wrong(at + "/tool_calls", "must be a list");
  for (std::size_t i = 0; i < calls->size(); ++i) {
    const std::string place = fmt::format("{}/tool_calls/{}", at, i);
    const Json* function = find((*calls)[i], "function");
    models::ToolCall call{.id = string_or((*calls)[i], "id")};
    if (call.id.empty()) return wrong(place + "/id", "is missing: its result names the call by it");
    if (!function) return wrong(place + "/function", "is missing");
    call.name = string_or(*function, "name");
    if (call.name.empty()) return wrong(place + "/function/name", "is missing");
    if (const Json* arguments = find(*function, "arguments"); arguments && !arguments->is_null()) {
      auto text = text_at(arguments, place + "/function/arguments");
      if (!text) return std::unexpected(text.error());
      call.arguments = std::move(*text);
    }
    message.tool_calls.push_back(std::move(call));
  }
  return {};
}

}  // namespace

Json message_to_openai(const models::Message& message) {
  Json json = {{"role", word(message.role)}};
  if (message.images.empty()) {
    json["content"] = message.content.empty() && !message.tool_calls.empty() ? Json() : Json(message.content);
  } else {
    Json& parts = json["content"] = Json::array();
    if (!message.content.empty()) parts.push_back({{"type", "text"}, {"text", message.content}});
    for (const models::Image& image : message.images)
      parts.push_back({{"type", "image_url"}, {"image_url", {{"url", image.url}}}});
  }
  for (const models::ToolCall& call : message.tool_calls)
    json["tool_calls"].push_back(
        {{"id", call.id},
         {"type", "function"},
         {"function", {{"name", call.name}, {"arguments", call.arguments.empty() ? "{}" : call.arguments}}}});
  if (!message.tool_call_id.empty()) json["tool_call_id"] = message.tool_call_id;
  if (!message.name.empty()) json["name"] = message.name;
  return json;
}

Result<models::Message> message_from_openai(const Json& json, std::string_view at) {
  if (!json.is_object()) return wrong(at, "must be a message: an object with `role` and `content`");
  const std::string place(at);
  auto role = role_at(json, at);
  if (!role) return std::unexpected(role.error());
  models::Message message{.role = *role};
  if (auto read = read_calls(json, place, message); !read) return std::unexpected(read.error());
  if (auto read = read_content(json, place, message); !read) return std::unexpected(read.error());
  if (*role == models::Role::tool) {
    message.tool_call_id = string_or(json, "tool_call_id");
    message.name = string_or(json, "name");
    if (message.tool_call_id.empty())
      return wrong(place + "/tool_call_id", "is missing: which call is this the result of?");
  }
  return message;
}

}  // namespace troupe::memory
