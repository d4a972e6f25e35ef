#include "plugins/model_messages.h"

#include "models/limits.h"
#include "models/token_estimate.h"
#include "plugins/host/plugin_runtime.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

using models::FinishReason;
using Said = models::Message;  // there is a Message of the line to a worker, too
using models::ModelReply;
using models::ModelRequest;
using models::Role;

Error refusal(std::string why) {
  Error error{ErrorCode::model, std::move(why)};
  error.status = 400;
  return error;
}

std::unexpected<Error> wrong(std::string what) {
  return fail(ErrorCode::protocol, "the plugin's answer " + std::move(what));
}

/// Text of the daemon's own as JSON: `fallback` for what is none.
Json value_of(std::string_view text, Json fallback) {
  auto value = parse_json(text);
  return value ? std::move(*value) : std::move(fallback);
}

Json arguments_of(const models::ToolCall& call) {
  if (call.arguments.empty()) return Json::object();
  return value_of(call.arguments, call.arguments);
}

/// What of it goes back to whom it came from.
std::optional<Json> state_for(const Said& message, std::string_view origin) {
  if (message.provider_state.empty()) return std::nullopt;
  const auto state = parse_json(message.provider_state);
  if (!state || string_or(*state, "plugin") != origin) return std::nullopt;
  const Json* inner = find(*state, "state");
  return inner ? std::optional(*inner) : std::nullopt;
}

Json to_json(const Said& message, std::string_view origin) {
  Json told{{"role", word(message.role)}, {"text", message.content}};
  for (const models::Image& image : message.images) told["images"].push_back({{"url", image.url}});
  for (const models::ToolCall& call : message.tool_calls)
    told["tool_calls"].push_back({{"id", call.id}, {"name", call.name}, {"arguments", arguments_of(call)}});
  if (message.role == Role::tool) {
    told["call"] = message.tool_call_id;
    told["name"] = message.name;
  }
  if (auto state = state_for(message, origin)) told["state"] = std::move(*state);
  return told;
}

/// A count of tokens; nothing when it is none that can be believed.
std::optional<std::int64_t> tokens_in(const Json& usage, std::string_view key) {
  const Json* count = find(usage, key);
  if (!count) return 0;
  if (!count->is_number_integer()) return std::nullopt;
  if (count->is_number_unsigned() &&
      count->get<std::uint64_t>() > static_cast<std::uint64_t>(kModelTokensMost))
    return std::nullopt;
  const auto tokens = count->get<std::int64_t>();
  return tokens < 0 || tokens > kModelTokensMost ? std::nullopt : std::optional(tokens);
}

Result<models::Usage> read_usage(const Json& answer) {
  const Json* usage = find(answer, "usage");
  if (!usage || usage->is_null()) return models::Usage{.estimated = true};
  if (!usage->is_object()) return wrong("has a `usage` that is no object");
  const auto input = tokens_in(*usage, "input_tokens"), output = tokens_in(*usage, "output_tokens"),
             cached = tokens_in(*usage, "cached_tokens"), written = tokens_in(*usage, "cache_write_tokens");
  if (!input || !output || !cached || !written)
    return wrong(fmt::format("counts tokens otherwise than as whole numbers from 0 to {}", kModelTokensMost));
  if (*cached + *written > *input)
    return wrong("counts more tokens of the cache than it says were read altogether");
  return models::Usage{.input_tokens = *input,
                       .output_tokens = *output,
                       .cached_tokens = *cached,
                       .cache_write_tokens = *written};
}

std::string printable(std::string_view text) {
  std::string out;
  append_quoted(out, text.substr(0, 80));
  return out;
}

bool good_name(const std::string& name) {
  return !name.empty() && name.size() <= kModelNameBytes &&
         std::ranges::none_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

Result<models::ToolCall> read_call(const Json& json, std::size_t messages, std::size_t number) {
  models::ToolCall call{.id = string_or(json, "id"), .name = string_or(json, "name")};
  if (!good_name(call.name))
    return wrong(
        fmt::format("calls a tool without a name, or with one that is longer than {} bytes or not "
                    "one line",
                    kModelNameBytes));
  if (call.id.empty()) call.id = fmt::format("call_{}_{}", messages, number);
  if (!good_name(call.id))
    return wrong(
        fmt::format("has a call with an `id` of more than {} bytes, or of several lines", kModelNameBytes));
  const Json* arguments = find(json, "arguments");
  if (!arguments || arguments->is_null()) return call;
  if (arguments->is_string()) {
    call.arguments = arguments->get<std::string>();
  } else if (arguments->is_object()) {
    call.arguments = dump(*arguments);
  } else {
    return wrong(
        fmt::format("calls {} with `arguments` that are neither an object nor text", printable(call.name)));
  }
  return call;
}

Result<> read_calls(const Json& answer, std::size_t messages, ModelReply& reply) {
  const Json* calls = find(answer, "tool_calls");
  if (!calls || calls->is_null()) return {};
  if (!calls->is_array() || calls->size() > kModelCallsMost)
    return wrong(fmt::format("has `tool_calls` that are no list of at most {}", kModelCallsMost));
  std::set<std::string> ids;
  for (const Json& one : *calls) {
    auto call = read_call(one, messages, reply.tool_calls.size() + 1);
    if (!call) return fail(std::move(call.error()));
    if (!ids.insert(call->id).second)
      return wrong(fmt::format("has two calls with the `id` {}", printable(call->id)));
    reply.tool_calls.push_back(std::move(*call));
  }
  return {};
}

Result<FinishReason> read_finish(const Json& answer, bool calls) {
  const FinishReason usual = calls ? FinishReason::tool_calls : FinishReason::stop;
  const Json* finish = find(answer, "finish");
  if (!finish || finish->is_null()) return usual;
  if (finish->is_string())
    for (const FinishReason one : {FinishReason::stop, FinishReason::length, FinishReason::tool_calls,
                                   FinishReason::content_filter, FinishReason::other})
      if (finish->get_ref<const std::string&>() == word(one)) return one;
  return wrong("has a `finish` that is none of stop, length, tool_calls, content_filter and other");
}

/// A member that is text or absent.
Result<std::optional<std::string>> text_in(const Json& answer, std::string_view key) {
  const Json* text = find(answer, key);
  if (!text || text->is_null()) return std::optional<std::string>();
  if (!text->is_string()) return wrong(fmt::format("has a `{}` that is no text", key));
  return std::optional(text->get<std::string>());
}

}  // namespace

Result<> accepts(const ServiceDescription& service, const ModelRequest& request) {
  const bool pictures = std::ranges::any_of(request.transcript->messages(),
                                            [](const Said& message) { return !message.images.empty(); });
  if (pictures && !service.can("images"))
    return fail(
        refusal("the conversation holds a picture, and the plugin's model takes none (its features "
                "do not say `images`); ask another model"));
  const bool tools = request.tool_mode == models::ToolMode::native && !request.tools->empty();
  if (tools && !service.can("tools"))
    return fail(
        refusal("the plugin's model cannot be given tools (its features do not say `tools`); agents "
                "with `strategy: react` need none"));
  return {};
}

std::string model_input(const models::ModelSettings& settings, const ModelRequest& request,
                        const ServiceDescription& service, const std::string& model,
                        std::string_view origin) {
  Json input = Json::object();
  if (!model.empty()) input["model"] = model;
  const auto& messages = request.transcript->messages();
  const auto talk = std::ranges::find_if(messages, [](const Said& m) { return m.role != Role::system; });
  std::string system;
  for (auto one = messages.begin(); one != talk; ++one)
    system += (system.empty() ? "" : "\n\n") + one->content;
  if (!system.empty()) input["system"] = std::move(system);
  Json& told = input["messages"] = Json::array();
  for (auto one = talk; one != messages.end(); ++one) told.push_back(to_json(*one, origin));
  if (request.tool_mode == models::ToolMode::native)
    for (const models::ToolDeclaration& tool : *request.tools)
      input["tools"].push_back({{"name", tool.name},
                                {"description", tool.description},
                                {"input_schema", value_of(tool.schema, Json::object())}});
  if (!request.schema.empty() && settings.constrain != "off" && service.can("schema"))
    input["schema"] = value_of(request.schema, Json::object());
  if (!request.stop.empty()) input["stop"] = request.stop;
  if (settings.temperature) input["temperature"] = *settings.temperature;
  if (settings.top_p) input["top_p"] = *settings.top_p;
  if (settings.seed) input["seed"] = *settings.seed;
  if (settings.max_output_tokens > 0) input["max_tokens"] = settings.max_output_tokens;
  input["stream"] = settings.stream;
  if (settings.options.is_object()) input["options"] = settings.options;
  return dump(input);
}

Result<ModelReply> read_model_answer(std::string_view answer, std::string_view streamed,
                                     std::string_view origin, std::size_t messages) {
  auto json = parse_json(answer, limits::kJsonDepth, kPluginAnswerBytes);
  if (!json) return wrong("is no JSON: " + json.error().message);
  if (!json->is_object()) return wrong("is no JSON object");
  ModelReply reply;
  auto text = text_in(*json, "text");
  if (!text) return fail(std::move(text.error()));
  reply.text = *text ? std::move(**text) : std::string(streamed);
  if (!reply.text.starts_with(streamed))
    return wrong(
        "has a `text` that does not begin with what was streamed of it; leave `text` out, or send "
        "the same");
  auto reasoning = text_in(*json, "reasoning"), name = text_in(*json, "model");
  if (!reasoning) return fail(std::move(reasoning.error()));
  if (!name) return fail(std::move(name.error()));
  reply.reasoning = reasoning->value_or("");
  reply.model = name->value_or("");
  if (!reply.model.empty() && !good_name(reply.model))
    return wrong(fmt::format("has a `model` of more than {} bytes, or of several lines", kModelNameBytes));
  if (auto calls = read_calls(*json, messages, reply); !calls) return fail(std::move(calls.error()));
  auto finish = read_finish(*json, !reply.tool_calls.empty());
  if (!finish) return fail(std::move(finish.error()));
  reply.finish = *finish;
  auto usage = read_usage(*json);
  if (!usage) return fail(std::move(usage.error()));
  reply.usage = *usage;
  if (const Json* state = find(*json, "state"); state && !state->is_null()) {
    reply.provider_state = dump(Json{{"plugin", origin}, {"state", *state}});
    if (reply.provider_state.size() > kModelStateBytes)
      return wrong(fmt::format("has a `state` of more than {} bytes", kModelStateBytes));
  }
  return reply;
}

void estimate_usage(const ModelRequest& request, ModelReply& reply) {
  models::Usage& usage = reply.usage;
  if (usage.input_tokens == 0) {
    for (const Said& message : request.transcript->messages()) {
      usage.input_tokens += models::estimate_tokens(message.content) +
                            limits::kPictureTokens * static_cast<std::int64_t>(message.images.size());
      for (const models::ToolCall& call : message.tool_calls)
        usage.input_tokens += models::estimate_tokens(call.arguments);
    }
    if (request.tool_mode == models::ToolMode::native)
      for (const models::ToolDeclaration& tool : *request.tools)
        usage.input_tokens +=
            models::estimate_tokens(tool.description) + models::estimate_tokens(tool.schema);
  }
  usage.output_tokens = models::estimate_tokens(reply.text) + models::estimate_tokens(reply.reasoning);
  for (const models::ToolCall& call : reply.tool_calls)
    usage.output_tokens += models::estimate_tokens(call.arguments);
  usage.estimated = true;
}

}  // namespace troupe::plugins
