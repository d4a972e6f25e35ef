#include "models/providers/ollama_codec.h"

#include "models/providers/complaint.h"
#include "models/providers/message_parts.h"
#include "models/providers/ollama_reply.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr std::string_view kDialect = "ollama/chat";

void append_calls(std::string& out, const std::vector<ToolCall>& calls) {
  out += R"(,"tool_calls":[)";
  for (std::size_t i = 0; i < calls.size(); ++i) {
    out += i ? R"(,{"function":{"name":)" : R"({"function":{"name":)";
    append_quoted(out, calls[i].name);
    out += R"(,"arguments":)";
    out += arguments_object(calls[i]);
    out += "}}";
  }
  out += ']';
}

// Only pictures that are sent along: Ollama fetches nothing.
void append_images(std::string& out, const std::vector<Image>& images) {
  std::string list;
  for (const Image& image : images) {
    const InlineImage data = inline_image(image);
    if (data.base64.empty()) continue;
    list += list.empty() ? R"(,"images":[)" : ",";
    append_quoted(list, data.base64);
  }
  if (!list.empty()) out += list + ']';
}

void append_message(std::string& out, const Message& message) {
  out += R"({"role":")";
  out += word(message.role);
  out += R"(","content":)";
  append_quoted(out, message.content);
  if (message.role == Role::user) append_images(out, message.images);
  if (message.role == Role::assistant && !message.tool_calls.empty()) append_calls(out, message.tool_calls);
  if (message.role == Role::tool && !message.name.empty()) {
    out += R"(,"tool_name":)";
    append_quoted(out, message.name);
  }
  out += '}';
}

// "5m" as a text, "-1" and "0" as the numbers they are.
std::string keep_alive(const std::string& setting) {
  long long number = 0;
  auto [rest, problem] = std::from_chars(setting.data(), setting.data() + setting.size(), number);
  if (problem == std::errc() && rest == setting.data() + setting.size()) return setting;
  std::string out;
  append_quoted(out, setting);
  return out;
}

std::string render_head(const ModelSettings& settings) {
  std::string head = "{\"model\":";
  append_quoted(head, settings.model);
  // It streams unless told otherwise.
  append_field(head, "stream", settings.stream ? "true" : "false");
  if (!settings.keep_alive.empty()) append_field(head, "keep_alive", keep_alive(settings.keep_alive));
  if (settings.think == "on" || settings.think == "off")
    append_field(head, "think", settings.think == "on" ? "true" : "false");
  else if (!settings.think.empty())
    append_field(head, "think", '"' + settings.think + '"');
  return head;
}

Json options_of(const ModelSettings& settings) {
  Json options = Json::object();
  if (settings.temperature) options["temperature"] = *settings.temperature;
  if (settings.top_p) options["top_p"] = *settings.top_p;
  if (settings.seed) options["seed"] = *settings.seed;
  if (settings.max_output_tokens > 0) options["num_predict"] = settings.max_output_tokens;
  if (settings.context > 0) options["num_ctx"] = settings.context;
  if (settings.options.is_object()) options.merge_patch(settings.options);
  for (const std::string& name : settings.drop_params) options.erase(name);
  return options;
}

}  // namespace

OllamaCodec::OllamaCodec(const ModelSettings& settings)
    : Codec(kDialect),
      model_(settings.model),
      params_(render_head(settings), settings),
      options_(options_of(settings)),
      options_text_(options_.empty() ? "" : dump(options_)) {}

const std::string& OllamaCodec::rendered(const Transcript& transcript) const {
  Transcript::Rendering& rendering = transcript.rendering(dialect_);
  for (; rendering.rendered < transcript.size(); ++rendering.rendered) {
    if (rendering.rendered) rendering.text += ',';
    append_message(rendering.text, transcript.messages()[rendering.rendered]);
  }
  return rendering.text;
}

std::string OllamaCodec::options(const ModelRequest& request) const {
  if (request.stop.empty() || options_.contains("stop") || !params_.takes("stop")) return options_text_;
  Json options = options_;
  options["stop"] = request.stop;
  return dump(options);
}

Result<> OllamaCodec::accepts(const ModelRequest& request) const {
  for (const Message& message : request.transcript->messages())
    for (const Image& image : message.images)
      if (inline_image(image).base64.empty())
        return fail(
            ErrorCode::model,
            fmt::format("Ollama fetches no pictures: send {} as `data` with its `media_type`, not as `url`",
                        image.url.substr(0, 200)));
  return {};
}

// Held to a schema, a model writes no call.
bool OllamaCodec::holds_schema(const ModelRequest& request) const {
  const bool calls = request.tool_mode == ToolMode::native && !request.tools->empty();
  return !request.schema.empty() && !calls && params_.takes("format");
}

std::string OllamaCodec::request_body(const ModelRequest& request) {
  const std::string& messages = rendered(*request.transcript);
  std::shared_ptr<const std::string> tools;
  if (request.tool_mode == ToolMode::native && !request.tools->empty() && params_.takes("tools"))
    tools = tools_.get(request.tools, function_tools);
  std::string body;
  body.reserve(params_.head().size() + options_text_.size() + messages.size() + (tools ? tools->size() : 0) +
               request.schema.size() + 256);
  body += params_.head();
  if (std::string all = options(request); !all.empty() && params_.takes("options"))
    append_field(body, "options", all);
  if (holds_schema(request)) append_field(body, "format", request.schema);
  if (tools) append_field(body, "tools", *tools);
  body += R"(,"messages":[)";
  body += messages;
  body += "]}";
  return body;
}

std::unique_ptr<ReplyReader> OllamaCodec::reply() const {
  return std::make_unique<OllamaReply>();
}

Error OllamaCodec::refusal(const net::HttpHead& head, std::string_view body) const {
  return ollama_refusal(head, body, model_);
}

Error ollama_refusal(const net::HttpHead& head, std::string_view body, std::string_view model) {
  const ProviderComplaint complaint = ProviderComplaint::read_text(body);
  Error error = complaint_error(complaint, head.status);
  const std::string& said = complaint.message;
  if (head.status == 404 && said.find("not found") != std::string::npos &&
      said.find("model") != std::string::npos)
    error.message += fmt::format(", or fetch the model: ollama pull {}", model);
  return error;
}

}  // namespace troupe::models
