#include "models/trial/model_trial.h"

#include "models/limits.h"
#include "models/provider_facts.h"
#include "models/trial/bounded.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace troupe::models {

namespace {

using Verdict = Finding::Verdict;

constexpr const char* kTool = "report_number";
constexpr const char* kToolSchema =
    R"({"type":"object","properties":{"number":{"type":"integer"}},"required":["number"],"additionalProperties":false})";
constexpr const char* kReplySchema =
    R"({"type":"object","properties":{"wet":{"type":"boolean"}},"required":["wet"],"additionalProperties":false})";

/// Notes when a reply begins to come, and in how many pieces.
class TimingSink final : public TokenSink {
 public:
  explicit TimingSink(const Clock& clock) : clock_(clock), begin_(clock.now()) {}
  bool on_text(std::string_view text) override {
    if (!text.empty()) note();
    return true;
  }
  void on_reasoning(std::string_view text) override {
    if (!text.empty()) note();
  }

  int pieces = 0;
  Milliseconds first{0};
  Milliseconds so_far() const { return std::chrono::duration_cast<Milliseconds>(clock_.now() - begin_); }

 private:
  void note() {
    if (pieces++ == 0) first = so_far();
  }
  const Clock& clock_;
  Instant begin_;
};

ModelRequest question(std::string text, std::vector<ToolDeclaration> tools = {}) {
  auto transcript = std::make_shared<Transcript>();
  transcript->add({.role = Role::user, .content = std::move(text)});
  ModelRequest request{.transcript = std::move(transcript),
                       .tools = std::make_shared<const std::vector<ToolDeclaration>>(std::move(tools))};
  if (!request.tools->empty()) request.tool_mode = ToolMode::native;
  return request;
}

// An answer that says the thing asked for is not there, as opposed to one about the key or the network.
bool says_unsupported(const Error& error) {
  return error.status == 400 || error.status == 404 || error.status == 405 || error.status == 415 ||
         error.status == 422 || error.status == 501;
}

std::string thought_only(const ModelReply& reply) {
  return fmt::format("it spent the {} tokens of this trial on thinking",
                     std::max<std::int64_t>(reply.usage.output_tokens, limits::kTrialTokens));
}

bool cut_off(const ModelReply& reply) {
  return reply.text.empty() && reply.tool_calls.empty() && reply.finish == FinishReason::length;
}

Finding answer_of(const ModelReply& reply) {
  if (!reply.text.empty()) return {"answer", Verdict::works, shown_line(reply.text)};
  if (cut_off(reply)) return {"answer", Verdict::absent, thought_only(reply) + "; agents give it more"};
  return {"answer", Verdict::fails,
          fmt::format("the reply is empty ({}); is `model` one that chats?", word(reply.finish))};
}

Finding stream_of(const ModelSettings& settings, const TimingSink& sink) {
  if (!abilities_of(settings.provider).stream) return {"stream", Verdict::absent, "not with this provider"};
  if (!settings.stream) return {"stream", Verdict::absent, "this entry says `stream: false`"};
  if (sink.pieces == 0) return {"stream", Verdict::absent, "nothing was written"};
  return {"stream", Verdict::works,
          fmt::format("first text after {} ms, {} piece{}", sink.first.count(), sink.pieces,
                      sink.pieces == 1 ? "" : "s")};
}

Finding usage_of(const ModelReply& reply) {
  if (reply.usage.estimated)
    return {"usage", Verdict::absent, "the server does not count tokens; they are estimated"};
  return {"usage", Verdict::works,
          fmt::format("{} tokens in, {} out", reply.usage.input_tokens, reply.usage.output_tokens)};
}

Finding tools_of(const Result<ModelReply>& reply) {
  constexpr const char* kElse = "agents with `strategy: react` need none";
  if (!reply) {
    if (says_unsupported(reply.error()))
      return {"tools", Verdict::absent, fmt::format("{}; {}", reply.error().message, kElse)};
    return {"tools", Verdict::fails, reply.error().message};
  }
  if (cut_off(*reply)) return {"tools", Verdict::absent, thought_only(*reply)};
  if (reply->tool_calls.empty())
    return {"tools", Verdict::absent,
            fmt::format("it answered {} instead of calling the tool; {}", shown_line(reply->text), kElse)};
  const ToolCall& call = reply->tool_calls.front();
  auto arguments = parse_json(call.arguments.empty() ? "{}" : std::string_view(call.arguments));
  const Json* number = arguments ? find(*arguments, "number") : nullptr;
  if (call.name != kTool || !number)
    return {"tools", Verdict::fails,
            fmt::format("it called {} with {} instead of {} with a number; agents on it do better with "
                        "`strategy: react`",
                        shown_line(call.name), shown_line(call.arguments), kTool)};
  return {"tools", Verdict::works, fmt::format("called {} with {}", kTool, dump(*arguments))};
}

Finding schema_of(const Result<ModelReply>& reply) {
  if (!reply) {
    if (says_unsupported(reply.error())) return {"schema", Verdict::absent, reply.error().message};
    return {"schema", Verdict::fails, reply.error().message};
  }
  if (cut_off(*reply)) return {"schema", Verdict::absent, thought_only(*reply)};
  auto value = parse_json(reply->text);
  const Json* wet = value ? find(*value, "wet") : nullptr;
  if (wet && wet->is_boolean()) return {"schema", Verdict::works, dump(*value)};
  return {"schema", Verdict::absent,
          fmt::format("it answered {}, which is not held to the schema; agents check and ask again",
                      shown_line(reply->text))};
}

Finding kind_of_builtin() {
  return {
      "kind", Verdict::absent,
      "rules inside the daemon, no language model: arithmetic, look-ups and the time; it calls no server"};
}

/// One entry's calls, one after the other.
class Trial {
 public:
  Trial(Model& model, const ModelSettings& settings, CallContext& context)
      : model_(model), settings_(settings), context_(context) {}

  Task<Findings> run() {
    TimingSink sink(context_.loop.clock());
    Result<ModelReply> reply = co_await ask(question("Reply with the word OK and nothing else."), sink);
    // Not over a network: the plugin says itself what is wrong.
    if (!reply && !plugin_of(settings_.provider).empty())
      co_return Findings{{"answer", Verdict::fails, reply.error().message}};
    if (!reply) co_return from_first_error("answer", reply.error());
    Findings findings = {
        {"connection", Verdict::works, fmt::format("answered in {} ms", sink.so_far().count())},
        answer_of(*reply),
        stream_of(settings_, sink),
        usage_of(*reply)};
    const Abilities abilities = abilities_of(settings_.provider);
    findings.push_back(abilities.tools ? tools_of(co_await ask_for_call())
                                       : Finding{"tools", Verdict::absent, "not with this provider"});
    findings.push_back(abilities.schema ? schema_of(co_await ask_for_schema())
                                        : Finding{"schema", Verdict::absent, "not with this provider"});
    co_return findings;
  }

  Task<Findings> run_builtin() {
    TimingSink sink(context_.loop.clock());
    ModelRequest hello = question("Hello");
    hello.tool_mode = ToolMode::native;  // otherwise it writes a step
    Result<ModelReply> reply = co_await ask(std::move(hello), sink);
    if (!reply) co_return Findings{kind_of_builtin(), {"answer", Verdict::fails, reply.error().message}};
    co_return Findings{kind_of_builtin(), answer_of(*reply), stream_of(settings_, sink)};
  }

 private:
  Task<Result<ModelReply>> ask(ModelRequest request, TokenSink& sink) {
    co_return co_await model_.complete(std::move(request), sink, context_);
  }
  Task<Result<ModelReply>> ask_for_call() {
    TimingSink sink(context_.loop.clock());
    co_return co_await ask(question("Call the tool report_number with the number 7.",
                                    {{kTool, "Takes a number and keeps it.", kToolSchema}}),
                           sink);
  }
  Task<Result<ModelReply>> ask_for_schema() {
    TimingSink sink(context_.loop.clock());
    ModelRequest request = question("Is water wet? Answer in JSON.");
    request.schema = kReplySchema;
    co_return co_await ask(std::move(request), sink);
  }

  Model& model_;
  const ModelSettings& settings_;
  CallContext& context_;
};

}  // namespace

ModelSettings trial_settings(ModelSettings settings) {
  const int most = limits::kTrialTokens;
  settings.max_output_tokens =
      settings.max_output_tokens > 0 ? std::min(settings.max_output_tokens, most) : most;
  settings.thinking = 0;
  settings.retries = 0;
  settings.fallback.clear();
  settings.cache = {};
  return settings;
}

Findings findings_of_cassette(const ModelSettings& settings) {
  return {{"kind", Verdict::absent,
           settings.mode == "replay"
               ? "plays back what was recorded; there is nothing to try"
               : fmt::format("records `{0}` and plays it back; try that: troupe models test {0}",
                             settings.tapes)}};
}

Task<Findings> try_model(Model& model, ModelSettings settings, CallContext& context) {
  CallContext own = bounded(context, limits::kTrialTime);
  Trial trial(model, settings, own);
  if (settings.provider == "builtin") co_return co_await trial.run_builtin();
  co_return co_await trial.run();
}

}  // namespace troupe::models
