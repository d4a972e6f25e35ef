#include "models/providers/gemini_codec.h"

#include "models/providers/complaint.h"
#include "models/providers/gemini_reply.h"
#include "models/providers/gemini_state.h"
#include "models/providers/message_parts.h"
#include "models/providers/request_params.h"
#include "models/providers/turns.h"
#include "models/retry_after.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr std::string_view kDialect = "gemini/content";
constexpr std::string_view kTurns = R"("contents":[)";

using Word = std::pair<std::string_view, std::string_view>;
constexpr std::array<Word, 5> kThresholds{{{"off", "OFF"},
                                           {"none", "BLOCK_NONE"},
                                           {"high", "BLOCK_ONLY_HIGH"},
                                           {"medium", "BLOCK_MEDIUM_AND_ABOVE"},
                                           {"low", "BLOCK_LOW_AND_ABOVE"}}};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

Json safety_of(const ModelSettings& settings) {
  Json list = Json::array();
  for (const auto& [category, wanted] : settings.safety)
    for (auto [word, threshold] : kThresholds)
      if (word == wanted)
        list.push_back({{"category", "HARM_CATEGORY_" + upper(category)}, {"threshold", threshold}});
  return list;
}

Json params_of(const ModelSettings& settings) {
  Json config = Json::object();
  if (settings.temperature) config["temperature"] = *settings.temperature;
  if (settings.top_p) config["topP"] = *settings.top_p;
  if (settings.seed) config["seed"] = *settings.seed;
  // Here too, what is thought counts against the length of the output.
  if (settings.max_output_tokens > 0)
    config["maxOutputTokens"] = settings.max_output_tokens + settings.thinking;
  if (settings.thinking > 0)
    config["thinkingConfig"] = {{"thinkingBudget", settings.thinking}, {"includeThoughts", true}};
  for (const std::string& name : settings.drop_params) config.erase(name);
  Json params = Json::object();
  if (!config.empty()) params["generationConfig"] = std::move(config);
  if (Json safety = safety_of(settings); !safety.empty()) params["safetySettings"] = std::move(safety);
  for (const std::string& name : settings.drop_params) params.erase(name);
  if (settings.extra_body.is_object()) params.merge_patch(settings.extra_body);
  return params;
}

void append_signature(std::string& out, std::string_view signature) {
  if (signature.empty()) return;
  out += R"(,"thoughtSignature":)";
  append_quoted(out, signature);
}

void append_text(std::string& out, std::string_view text, std::string_view signature = {}) {
  if (text.empty() && signature.empty()) return;
  out += R"({"text":)";
  append_quoted(out, text);
  append_signature(out, signature);
  out += "},";
}

// The media type that an address ends in; "" where it does not say.
std::string_view type_by_name(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  constexpr std::array<Word, 5> kEndings{{{".png", "image/png"},
                                          {".jpg", "image/jpeg"},
                                          {".jpeg", "image/jpeg"},
                                          {".gif", "image/gif"},
                                          {".webp", "image/webp"}}};
  for (auto [ending, type] : kEndings)
    if (url.ends_with(ending)) return type;
  return "";
}

void append_image(std::string& out, const Image& image) {
  const InlineImage data = inline_image(image);
  if (data.base64.empty()) {
    out += R"({"fileData":{)";
    if (const std::string_view type = type_by_name(image.url); !type.empty()) {
      out += R"("mimeType":)";
      append_quoted(out, type);
      out += ',';
    }
    out += R"("fileUri":)";
    append_quoted(out, image.url);
  } else {
    out += R"({"inlineData":{"mimeType":)";
    append_quoted(out, data.media_type);
    out += R"(,"data":)";
    append_quoted(out, data.base64);
  }
  out += "}},";
}

void append_call(std::string& out, const ToolCall& call, const GeminiState::Part& part) {
  out += R"({"functionCall":{)";
  if (part.has_id) {
    out += R"("id":)";
    append_quoted(out, call.id);
    out += ',';
  }
  out += R"("name":)";
  append_quoted(out, call.name);
  out += R"(,"args":)";
  out += arguments_object(call);
  out += '}';
  append_signature(out, part.signature);
  out += "},";
}

// Text and calls with the signatures they came with. A turn whose text was cut ends there, unsigned.
void append_model(std::string& out, const Message& message) {
  if (message.content.empty() && message.tool_calls.empty()) return;
  std::string_view text = message.content;
  std::size_t call = 0;
  for (const GeminiState::Part& part : GeminiState::parts_of(message.provider_state)) {
    if (part.call) {
      if (call < message.tool_calls.size()) {
        append_call(out, message.tool_calls[call], part);
        ++call;
      }
      continue;
    }
    if (part.bytes > text.size()) break;
    append_text(out, text.substr(0, part.bytes), part.signature);
    text.remove_prefix(part.bytes);
  }
  append_text(out, text);
  for (; call < message.tool_calls.size(); ++call) append_call(out, message.tool_calls[call], {});
}

// Whether the call that messages[at] answers came with an id.
bool answers_with_id(const std::vector<Message>& messages, std::size_t at) {
  for (std::size_t i = at; i-- > 0;) {
    if (messages[i].role != Role::assistant) continue;
    const auto call = std::ranges::find(messages[i].tool_calls, messages[at].tool_call_id, &ToolCall::id);
    if (call == messages[i].tool_calls.end()) continue;
    auto index = call - messages[i].tool_calls.begin();
    for (const GeminiState::Part& part : GeminiState::parts_of(messages[i].provider_state))
      if (part.call && index-- == 0) return part.has_id;
    return false;
  }
  return false;
}

void append_answer(std::string& out, const std::vector<Message>& messages, std::size_t at) {
  const Message& message = messages[at];
  out += R"({"functionResponse":{)";
  if (answers_with_id(messages, at)) {
    out += R"("id":)";
    append_quoted(out, message.tool_call_id);
    out += ',';
  }
  out += R"("name":)";
  append_quoted(out, message.name);
  out += R"(,"response":)";
  auto parsed = parse_json(message.content);
  if (parsed && parsed->is_object()) {
    out += dump(*parsed);
  } else {
    out += R"({"output":)";
    append_quoted(out, message.content);
    out += '}';
  }
  out += "}},";
}

// The parts of a message, each with a comma behind it; "" when it says nothing.
std::string parts_of(const std::vector<Message>& messages, std::size_t at) {
  const Message& message = messages[at];
  std::string out;
  if (message.role == Role::assistant) {
    append_model(out, message);
  } else if (message.role == Role::tool) {
    append_answer(out, messages, at);
  } else {
    append_text(out, message.content);
    for (const Image& image : message.images) append_image(out, image);
  }
  return out;
}

void append_system(std::string& out, const std::vector<Message>& messages) {
  std::string parts;
  for (const Message& message : messages) {
    if (message.role != Role::system) break;
    append_text(parts, message.content);
  }
  if (parts.empty()) return;
  parts.pop_back();
  out += R"("systemInstruction":{"parts":[)";
  out += parts;
  out += "]},";
}

constexpr TurnForm kForm{.list = kTurns,
                         .assistant = "model",
                         .parts = "parts",
                         .opening = "",
                         .append_system = append_system,
                         .parts_of = parts_of};

std::string render_tools(const std::vector<ToolDeclaration>& tools) {
  std::string out = R"([{"functionDeclarations":[)";
  for (std::size_t i = 0; i < tools.size(); ++i) {
    out += i ? R"(,{"name":)" : R"({"name":)";
    append_quoted(out, tools[i].name);
    out += R"(,"description":)";
    append_quoted(out, tools[i].description);
    out += R"(,"parametersJsonSchema":)";
    out += tool_schema(tools[i]);
    out += '}';
  }
  return out + "]}]";
}

// {"error": {"details": [{"@type": "….RetryInfo", "retryDelay": "42s"}]}}
const Json* details_of(const Json& body) {
  const Json& object = body.is_array() && !body.empty() ? body.front() : body;
  const Json* error = find(object, "error");
  const Json* details = error ? find(*error, "details") : nullptr;
  return details && details->is_array() ? details : nullptr;
}

std::optional<std::chrono::milliseconds> retry_delay(const Json& details) {
  for (const Json& detail : details)
    if (const std::string delay = string_or(detail, "retryDelay"); !delay.empty())
      return retry_after({}, "retry in " + delay, 0);
  return std::nullopt;
}

}  // namespace

GeminiCodec::GeminiCodec(const ModelSettings& settings) : Codec(kDialect), dropped_(settings.drop_params) {
  Json params = params_of(settings);
  own_tools_ = find(params, "tools") != nullptr;
  if (const Json* config = find(params, "generationConfig")) {
    config_ = *config;
    config_text_ = dump(config_);
    params.erase("generationConfig");
  }
  head_ = dump(params);
  head_.pop_back();
}

std::string GeminiCodec::path(const ModelSettings& settings) {
  const bool whole = settings.model.find('/') != std::string::npos;
  return fmt::format("{}{}:{}", whole ? "/" : "/models/", settings.model,
                     settings.stream ? "streamGenerateContent" : "generateContent");
}

bool GeminiCodec::takes(std::string_view name) const {
  return std::ranges::find(dropped_, name) == dropped_.end();
}

// Models before Gemini 3 take either a schema or functions.
bool GeminiCodec::holds_schema(const ModelRequest& request) const {
  const bool calls = own_tools_ || (request.tool_mode == ToolMode::native && !request.tools->empty());
  const bool set =
      config_.is_object() && (config_.contains("responseMimeType") || config_.contains("responseSchema"));
  return !request.schema.empty() && !calls && !set && takes("responseJsonSchema");
}

std::string GeminiCodec::generation_config(const ModelRequest& request) const {
  const bool stops = !request.stop.empty() && takes("stopSequences");
  const bool constrained = holds_schema(request);
  if (!stops && !constrained) return config_text_;
  Json config = config_.is_object() ? config_ : Json::object();
  if (stops && !config.contains("stopSequences")) config["stopSequences"] = request.stop;
  const bool alone = !request.object_schema.empty();
  auto schema = constrained ? parse_json(alone ? request.object_schema : request.schema) : Json(nullptr);
  if (schema && schema->is_object()) {
    config["responseMimeType"] = "application/json";
    config["responseJsonSchema"] = std::move(*schema);
  }
  return dump(config);
}

std::string GeminiCodec::request_body(const ModelRequest& request) {
  const std::string& conversation = render_turns(*request.transcript, dialect_, kForm);
  std::shared_ptr<const std::string> tools;
  if (request.tool_mode == ToolMode::native && !request.tools->empty() && takes("tools") && !own_tools_)
    tools = tools_.get(request.tools, render_tools);
  std::string body;
  body.reserve(head_.size() + config_text_.size() + conversation.size() + (tools ? tools->size() : 0) +
               request.schema.size() + 256);
  body += head_;
  if (std::string config = generation_config(request); !config.empty())
    append_field(body, "generationConfig", config);
  if (tools) append_field(body, "tools", *tools);
  if (body.back() != '{') body += ',';
  body += conversation;
  body += "]}";
  return body;
}

std::unique_ptr<ReplyReader> GeminiCodec::reply() const {
  return std::make_unique<GeminiReply>();
}

Error GeminiCodec::refusal(const net::HttpHead& head, std::string_view body) const {
  return gemini_refusal(head, body);
}

Error gemini_refusal(const net::HttpHead& head, std::string_view body) {
  Error error = complaint_error(ProviderComplaint::read_text(body), head.status);
  auto parsed = parse_json(body);
  const Json* details = parsed ? details_of(*parsed) : nullptr;
  if (error.status == 429 && details) {
    // The same words for a minute's limit, which passes, and for a day's.
    const bool of_the_day = dump(*details).find("PerDay") != std::string::npos;
    error.retry_after = retry_delay(*details);
    error.retryable = error.retryable || (error.retry_after && !of_the_day);
  }
  if (error.status == 400 && error.message.find("API key") != std::string::npos)
    error.message += ". Check this entry's `api_key`";
  return error;
}

}  // namespace troupe::models
