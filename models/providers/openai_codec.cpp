#include "models/providers/openai_codec.h"

#include "models/providers/message_parts.h"
#include "models/providers/openai_reply.h"

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr std::string_view kDialect = "openai/chat";

void append_tool_calls(std::string& out, const std::vector<ToolCall>& calls) {
  out += ",\"tool_calls\":[";
  for (std::size_t i = 0; i < calls.size(); ++i) {
    out += i ? ",{\"id\":" : "{\"id\":";
    append_quoted(out, calls[i].id);
    out += ",\"type\":\"function\",\"function\":{\"name\":";
    append_quoted(out, calls[i].name);
    out += ",\"arguments\":";
    append_quoted(out, calls[i].arguments.empty() ? "{}" : std::string_view(calls[i].arguments));
    out += "}}";
  }
  out += ']';
}

void append_parts(std::string& out, const Message& message) {
  out += '[';
  if (!message.content.empty()) {
    out += "{\"type\":\"text\",\"text\":";
    append_quoted(out, message.content);
    out += '}';
  }
  for (std::size_t i = 0; i < message.images.size(); ++i) {
    if (i || !message.content.empty()) out += ',';
    out += "{\"type\":\"image_url\",\"image_url\":{\"url\":";
    append_quoted(out, message.images[i].url);
    out += "}}";
  }
  out += ']';
}

void append_message(std::string& out, const Message& message) {
  out += "{\"role\":\"";
  out += word(message.role);
  out += "\",\"content\":";
  bool calls = message.role == Role::assistant && !message.tool_calls.empty();
  if (message.role == Role::user && !message.images.empty())
    append_parts(out, message);
  else if (calls && message.content.empty())
    out += "null";
  else
    append_quoted(out, message.content);
  if (calls) append_tool_calls(out, message.tool_calls);
  if (message.role == Role::tool) {
    out += ",\"tool_call_id\":";
    append_quoted(out, message.tool_call_id);
  }
  out += '}';
}

std::string render_head(const ModelSettings& settings, bool reasoning_model) {
  std::string head = "{\"model\":";
  append_quoted(head, settings.model);
  if (settings.stream) head += R"(,"stream":true,"stream_options":{"include_usage":true})";
  if (settings.temperature) append_field(head, "temperature", fmt::format("{}", *settings.temperature));
  if (settings.top_p) append_field(head, "top_p", fmt::format("{}", *settings.top_p));
  if (settings.seed) append_field(head, "seed", fmt::format("{}", *settings.seed));
  if (settings.max_output_tokens > 0)
    append_field(head, reasoning_model ? "max_completion_tokens" : "max_tokens",
                 fmt::format("{}", settings.max_output_tokens));
  return head;
}

}  // namespace

bool is_reasoning_model(std::string_view model) {
  if (std::size_t slash = model.rfind('/'); slash != std::string_view::npos) model.remove_prefix(slash + 1);
  for (std::string_view family : {"o1", "o3", "o4"})
    if (model.starts_with(family) && (model.size() == family.size() || model[family.size()] == '-'))
      return true;
  return model.starts_with("gpt-5");
}

SchemaForm schema_form(const ModelSettings& settings) {
  std::string_view model = settings.model;
  if (std::size_t slash = model.rfind('/'); slash != std::string_view::npos) model.remove_prefix(slash + 1);
  const bool theirs = is_reasoning_model(model) || model.starts_with("gpt-") || model.starts_with("chatgpt-");
  if (settings.base_url.empty() || theirs) return SchemaForm::openai;
  for (std::string_view host : {"api.openai.com", ".azure.com", "openrouter.ai", "api.groq.com"})
    if (settings.base_url.find(host) != std::string::npos) return SchemaForm::openai;
  return SchemaForm::grammar;
}

OpenAiCodec::OpenAiCodec(const ModelSettings& settings, SchemaForm form)
    : Codec(kDialect),
      reasoning_model_(is_reasoning_model(settings.model)),
      params_(render_head(settings, reasoning_model_), settings),
      schema_form_(form) {}

bool OpenAiCodec::holds_schema(const ModelRequest& request) const {
  if (request.schema.empty() || !params_.takes("response_format")) return false;
  // A grammar lets a model write no call.
  const bool calls = request.tool_mode == ToolMode::native && !request.tools->empty();
  return !calls || schema_form_ == SchemaForm::openai;
}

std::string OpenAiCodec::response_format(const ModelRequest& request) const {
  if (schema_form_ != SchemaForm::tgi) return json_schema_format(request, schema_form_ == SchemaForm::openai);
  auto schema = parse_json(request.schema);
  if (!schema || !schema->is_object()) return "";
  const Json format = {{"type", "json_object"}, {"value", std::move(*schema)}};
  return dump(format);
}

const std::string& OpenAiCodec::rendered_messages(const Transcript& transcript) const {
  Transcript::Rendering& rendering = transcript.rendering(dialect_);
  for (; rendering.rendered < transcript.size(); ++rendering.rendered) {
    if (rendering.rendered) rendering.text += ',';
    append_message(rendering.text, transcript.messages()[rendering.rendered]);
  }
  return rendering.text;
}

std::string OpenAiCodec::request_body(const ModelRequest& request) {
  const std::string& messages = rendered_messages(*request.transcript);
  std::shared_ptr<const std::string> tools;
  if (request.tool_mode == ToolMode::native && !request.tools->empty() && params_.takes("tools"))
    tools = tools_.get(request.tools, function_tools);
  std::string body;
  body.reserve(params_.head().size() + messages.size() + (tools ? tools->size() : 0) + request.schema.size() +
               256);
  body += params_.head();
  if (!request.stop.empty() && !reasoning_model_ && params_.takes("stop"))
    append_field(body, "stop", dump(Json(request.stop)));
  if (holds_schema(request)) {
    const std::string& format =
        formats_.of(request, [this](const ModelRequest& one) { return response_format(one); });
    if (!format.empty()) append_field(body, "response_format", format);
  }
  if (tools) append_field(body, "tools", *tools);
  body += ",\"messages\":[";
  body += messages;
  body += "]}";
  return body;
}

std::unique_ptr<ReplyReader> OpenAiCodec::reply() const {
  return std::make_unique<OpenAiReply>();
}

}  // namespace troupe::models
