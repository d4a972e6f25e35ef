#include "memory/knowledge/search/model_call.h"

#include "memory/knowledge/search/limits.h"
#include "models/stream_budget.h"
#include "models/token_estimate.h"

#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

namespace troupe::memory {

namespace {

class ReplyEnd final : public models::TokenSink {
 public:
  bool on_text(std::string_view text) override {
    (void)written_.take(text);
    bytes_ += text.size();
    return bytes_ < limits::kSearchReplyBytes;
  }
  void on_reasoning(std::string_view text) override { (void)written_.take(text); }
  void on_reset(int) override { bytes_ = 0; }
  bool on_entry(const std::string& name) override {
    entry = name;
    return true;
  }
  /// In all: also what a retry made void was written.
  std::int64_t tokens() const { return written_.tokens(); }

  std::string entry;  // who writes; "": the first

 private:
  models::StreamBudget written_{std::numeric_limits<std::int64_t>::max()};  // only counts
  std::size_t bytes_ = 0;
};

std::int64_t size_of(const models::Transcript& transcript) {
  std::int64_t tokens = 0;
  for (const models::Message& message : transcript.messages())
    tokens += models::estimate_tokens(message.content);
  return tokens;
}

// Who closes a stream early, or whose stream breaks, is often not told what it cost.
models::ModelUse use_of(const Result<models::ModelReply>& reply, const ReplyEnd& written,
                        const models::Transcript& asked) {
  models::ModelUse use;
  if (reply) {
    use.model = reply->entry;
    use.usage = reply->usage;
    use.cache_hit = reply->cache_hit;
  }
  const bool told = use.usage.input_tokens + use.usage.output_tokens > 0;
  const bool broke = !reply || reply->finish == models::FinishReason::closed_early;
  if (told || !broke || written.tokens() == 0) return use;
  use.model = written.entry;
  use.usage = {.input_tokens = size_of(asked), .output_tokens = written.tokens(), .estimated = true};
  return use;
}

// One past the bracket that closes the one at `from`.
std::optional<std::size_t> closing(std::string_view text, std::size_t from) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t at = from; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && --depth == 0) return at + 1;
  }
  return std::nullopt;
}

}  // namespace

Task<Result<std::string>> ask_model(models::Model& model, models::Intent intent,
                                    const prompts::Prompt& prompt, Json data, const models::UseSink& spent,
                                    CallContext& context) {
  static const auto kNoTools = std::make_shared<const std::vector<models::ToolDeclaration>>();
  auto system = prompt.render(Json::object());
  if (!system) co_return fail(std::move(system.error()));
  auto transcript = std::make_shared<models::Transcript>();
  transcript->add({.role = models::Role::system, .content = std::move(*system)});
  transcript->add({.role = models::Role::user, .content = data_text(data)});
  models::ModelRequest request;
  request.transcript = transcript;
  request.tools = kNoTools;
  request.intent = intent;

  ReplyEnd sink;
  const Instant asked = context.loop.clock().now();
  auto reply = co_await model.complete(std::move(request), sink, context);
  models::ModelUse use = use_of(reply, sink, *transcript);
  if (use.model.empty()) use.model = model.name();
  use.ms = std::chrono::duration_cast<Milliseconds>(context.loop.clock().now() - asked).count();
  spent(std::move(use));
  if (!reply) co_return fail(std::move(reply.error()));
  co_return std::move(reply->text);
}

std::string data_text(const Json& value) {
  const std::string plain = dump(value);
  std::string safe;
  safe.reserve(plain.size());
  bool quoted = false;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    if (plain[i] == '"') quoted = !quoted;
    if (plain[i] == '\\') {  // with what it escapes
      safe.append(plain, i++, 2);
      continue;
    }
    const char next = i + 1 < plain.size() ? plain[i + 1] : ' ';
    const bool letter = (next >= 'A' && next <= 'Z') || (next >= 'a' && next <= 'z') || next == '/';
    if (quoted && plain[i] == '<' && (letter || next == '|' || next == '<' || (next & 0x80) != 0))
      safe += "\\u003c";
    else if (quoted && plain[i] == '[' && letter)
      safe += "\\u005b";
    else
      safe += plain[i];
  }
  return safe;
}

std::vector<Json> json_values(std::string_view reply) {
  constexpr std::size_t kDepth = 16;
  std::vector<Json> values;
  std::size_t attempts = 0;
  for (std::size_t at = 0; (at = reply.find_first_of("[{", at)) != reply.npos;) {
    if (++attempts > limits::kReplyValues) break;
    const auto end = closing(reply, at);
    auto value = end ? parse_json(reply.substr(at, *end - at), kDepth) : fail(ErrorCode::invalid, "");
    if (!value) {
      ++at;
      continue;
    }
    values.push_back(std::move(*value));
    at = *end;
  }
  return values;
}

}  // namespace troupe::memory
