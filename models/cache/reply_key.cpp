#include "models/cache/reply_key.h"

#include "models/cache/fields.h"
#include "models/intent_word.h"
#include "models/section.h"
#include "runtime/base/ascii.h"
#include "runtime/base/sha256.h"

#include <algorithm>

namespace troupe::models {

namespace {

constexpr std::string_view kVersion = "troupe reply 1";

// Keys of an entry that say how a model is asked, not what it answers. What is not known here counts.
constexpr std::string_view kAside[] = {"api_key",    "cache",   "concurrency",         "fallback",
                                       "keep_alive", "price",   "requests_per_minute", "retries",
                                       "stream",     "timeout", "tokens_per_minute"};

// Headers that say who asks.
constexpr std::string_view kCredentials[] = {"api-key",   "authorization", "cookie", "proxy-authorization",
                                             "x-api-key", "x-goog-api-key"};

}  // namespace

std::string model_identity(const ModelSettings& settings) {
  static const auto kShape = section();
  Json entry = kShape->show({{"entry", settings}})["entry"];
  for (std::string_view key : kAside) entry.erase(std::string(key));
  FieldWriter out;
  out.text(dump(entry));
  for (const auto& [name, value] : settings.extra_headers) {
    if (std::ranges::find(kCredentials, lower(name)) != std::end(kCredentials)) continue;
    out.text(lower(name));
    out.text(value);
  }
  return sha256_hex(out.bytes());
}

std::string reply_key(std::string_view tenant, std::string_view identity, const ModelRequest& request) {
  FieldWriter out;
  out.text(kVersion);
  out.text(tenant);
  out.text(identity);
  out.number(request.tool_mode == ToolMode::native ? 1 : 0);
  out.text(request.schema);
  out.text(request.object_schema);
  out.text(word(request.intent));
  out.number(static_cast<std::int64_t>(request.stop.size()));
  for (const std::string& stop : request.stop) out.text(stop);
  out.number(static_cast<std::int64_t>(request.tools->size()));
  for (const ToolDeclaration& tool : *request.tools) {
    out.text(tool.name);
    out.text(tool.description);
    out.text(tool.schema);
  }
  for (const Message& message : request.transcript->messages()) {
    out.text(word(message.role));
    out.text(message.content);
    out.number(static_cast<std::int64_t>(message.tool_calls.size()));
    for (const ToolCall& call : message.tool_calls) {
      out.text(call.id);
      out.text(call.name);
      out.text(call.arguments);
    }
    out.text(message.tool_call_id);
    out.text(message.name);
    out.number(static_cast<std::int64_t>(message.images.size()));
    for (const Image& image : message.images) out.text(image.url);
    out.text(message.provider_state);
  }
  return sha256_hex(out.bytes());
}

}  // namespace troupe::models
