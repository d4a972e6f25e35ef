#include "models/providers/anthropic_codec.h"

#include "models/providers/anthropic_reply.h"
#include "models/providers/anthropic_state.h"
#include "models/providers/complaint.h"
#include "models/providers/message_parts.h"
#include "models/providers/turns.h"
#include "models/retry_after.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr std::string_view kDialect = "anthropic/messages";
constexpr std::string_view kCached = R"(,"cache_control":{"type":"ephemeral"})";
constexpr std::string_view kTurns = R"("messages":[)";
constexpr std::string_view kOpening =
    R"({"role":"user","content":[{"type":"text","text":"The conversation so far:"}]},)";
// The API wants a number; this is the least that any of its models can do.
constexpr int kOutputTokens = 4096;

// Ids of other providers may have characters that this one refuses.
void append_id(std::string& out, std::string_view id) {
  std::string plain(id);
  for (char& c : plain)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-') c = '_';
  append_quoted(out, plain);
}

void append_text(std::string& out, std::string_view text) {
  if (is_blank(text)) return;
  out += R"({"type":"text","text":)";
  append_quoted(out, text);
  out += "},";
}

void append_image(std::string& out, const Image& image) {
  const InlineImage data = inline_image(image);
  out += R"({"type":"image","source":{)";
  if (data.base64.empty()) {
    out += R"("type":"url","url":)";
    append_quoted(out, image.url);
  } else {
    out += R"("type":"base64","media_type":)";
    append_quoted(out, data.media_type);
    out += R"(,"data":)";
    append_quoted(out, data.base64);
  }
  out += "}},";
}

void append_call(std::string& out, const ToolCall& call) {
  out += R"({"type":"tool_use","id":)";
  append_id(out, call.id);
  out += R"(,"name":)";
  append_quoted(out, call.name);
  out += R"(,"input":)";
  out += arguments_object(call);
  out += "},";
}

void append_result(std::string& out, const Message& message) {
  out += R"({"type":"tool_result","tool_use_id":)";
  append_id(out, message.tool_call_id);
  if (!is_blank(message.content)) {
    out += R"(,"content":)";
    append_quoted(out, message.content);
  }
  out += "},";
}

std::size_t text_bytes(const std::vector<Json>& parts) {
  std::size_t bytes = 0;
  for (const Json& part : parts)
    if (part.is_number_unsigned()) bytes += part.get<std::size_t>();
  return bytes;
}

// Text and calls around what the provider wants back, in the order in which it wrote them. A turn whose text
// was cut ends there: what the provider wrote behind it did not happen. Thinking alone is no turn.
void append_assistant(std::string& out, const Message& message) {
  if (is_blank(message.content) && message.tool_calls.empty()) return;
  const std::vector<Json> parts = AnthropicState::parts_of(message.provider_state);
  std::string_view text = message.content;
  const bool cut = text.size() < text_bytes(parts);
  std::size_t call = 0;
  for (const Json& part : parts) {
    if (cut && text.empty()) return;
    if (part.is_number_unsigned()) {
      const std::size_t bytes = std::min(part.get<std::size_t>(), text.size());
      append_text(out, text.substr(0, bytes));
      text.remove_prefix(bytes);
    } else if (part.is_object()) {
      out += dump(part);
      out += ',';
    } else if (call < message.tool_calls.size()) {
      append_call(out, message.tool_calls[call++]);
    }
  }
  append_text(out, text);
  for (; call < message.tool_calls.size(); ++call) append_call(out, message.tool_calls[call]);
}

// The blocks of a message, each with a comma behind it; "" when it says nothing.
std::string blocks_of(const std::vector<Message>& messages, std::size_t at) {
  const Message& message = messages[at];
  std::string out;
  if (message.role == Role::assistant) {
    append_assistant(out, message);
  } else if (message.role == Role::tool) {
    append_result(out, message);
  } else {
    append_text(out, message.content);
    for (const Image& image : message.images) append_image(out, image);
  }
  return out;
}

void append_system(std::string& out, const std::vector<Message>& messages) {
  std::string blocks;
  for (const Message& message : messages) {
    if (message.role != Role::system) break;
    append_text(blocks, message.content);
  }
  if (blocks.empty()) return;
  blocks.resize(blocks.size() - 2);  // "},"
  out += R"("system":[)";
  out += blocks;
  out += kCached;
  out += "}],";
}

constexpr TurnForm kForm{.list = kTurns,
                         .assistant = "assistant",
                         .parts = "content",
                         .opening = kOpening,  // the first turn must be a user's
                         .append_system = append_system,
                         .parts_of = blocks_of};

std::string render_tools(const std::vector<ToolDeclaration>& tools) {
  std::string out = "[";
  for (const ToolDeclaration& tool : tools) {
    if (out.size() > 1) out += ',';
    out += R"({"name":)";
    append_quoted(out, tool.name);
    out += R"(,"description":)";
    append_quoted(out, tool.description);
    out += R"(,"input_schema":)";
    out += tool_schema(tool);
    out += '}';
  }
  return out + ']';
}

std::string render_head(const ModelSettings& settings) {
  std::string head = "{\"model\":";
  append_quoted(head, settings.model);
  const int output = settings.max_output_tokens > 0 ? settings.max_output_tokens : kOutputTokens;
  // What is thought counts against max_tokens; a reply is to be as long as the entry says.
  append_field(head, "max_tokens", fmt::format("{}", output + settings.thinking));
  if (settings.thinking > 0)
    append_field(head, "thinking",
                 fmt::format(R"({{"type":"enabled","budget_tokens":{}}})", settings.thinking));
  if (settings.temperature) append_field(head, "temperature", fmt::format("{}", *settings.temperature));
  if (settings.top_p) append_field(head, "top_p", fmt::format("{}", *settings.top_p));
  if (settings.stream) append_field(head, "stream", "true");
  return head;
}

// Sequences of blanks alone are refused.
std::string stop_sequences(const std::vector<std::string>& stop) {
  Json list = Json::array();
  for (const std::string& sequence : stop)
    if (!is_blank(sequence)) list.push_back(sequence);
  return list.empty() ? "" : dump(list);
}

}  // namespace

AnthropicCodec::AnthropicCodec(const ModelSettings& settings)
    : Codec(kDialect), params_(render_head(settings), settings) {}

std::string AnthropicCodec::request_body(const ModelRequest& request) {
  std::string_view conversation = render_turns(*request.transcript, dialect_, kForm);
  std::shared_ptr<const std::string> tools;
  if (request.tool_mode == ToolMode::native && !request.tools->empty() && params_.takes("tools"))
    tools = tools_.get(request.tools, render_tools);
  std::string body;
  body.reserve(params_.head().size() + conversation.size() + (tools ? tools->size() : 0) + 256);
  body += params_.head();
  if (std::string stop = stop_sequences(request.stop); !stop.empty() && params_.takes("stop_sequences"))
    append_field(body, "stop_sequences", stop);
  if (tools) append_field(body, "tools", *tools);
  body += ',';
  const bool users = !request.transcript->messages().empty() &&
                     request.transcript->messages().back().role != Role::assistant;
  if (users && conversation.ends_with("}]}")) {
    body += conversation.substr(0, conversation.size() - 3);
    body += kCached;
    body += "}]}";
  } else {
    body += conversation;
  }
  body += "]}";
  return body;
}

std::unique_ptr<ReplyReader> AnthropicCodec::reply() const {
  return std::make_unique<AnthropicReply>();
}

Error AnthropicCodec::refusal(const net::HttpHead& head, std::string_view body) const {
  Error error = Codec::refusal(head, body);
  if (error.status != 429) return error;
  // A rate limit says when to come back. One that does not is a limit of the account.
  const bool says_when = retry_after(head, error.message, 0).has_value();
  if (!says_when || body.find("enforced_spend_limit_reached") != std::string_view::npos) {
    error.retryable = false;
    error.message += ". The account's spend limit or credit is used up: check it with the provider";
  }
  return error;
}

}  // namespace troupe::models
