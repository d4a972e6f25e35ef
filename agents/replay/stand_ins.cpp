#include "agents/replay/stand_ins.h"

#include "agents/chains/passages.h"
#include "agents/runs/error_fact.h"
#include "agents/runs/fact_fields.h"
#include "agents/runs/facts.h"
#include "memory/conversation/last_turns.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

// As many tokens as StreamBudget takes for `tokens`, of a text that nobody has any more.
std::string lost_text(std::int64_t tokens) {
  return std::string(static_cast<std::size_t>(tokens) * 4, '.');
}

void tell(const Answer& answer, CallContext& context) {
  for (const Event& told : answer.told) context.events.publish(told);
}

/// What one of the stand-ins asks, from the question to what came.
class Asking {
 public:
  Asking(Cues& cues, CallContext& context) : cues_(cues), context_(context) {}

  /// What was told of a call that nothing came of was told while it waited.
  const Answer* ask(Cues::Question question) {
    answer_ = cues_.find(question);
    const bool arrives =
        answer_ && (answer_->end == Answer::End::came || answer_->end == Answer::End::failed);
    if (answer_ && !arrives) tell(*answer_, context_);
    return answer_;
  }
  Task<bool> wait() {
    const bool came = co_await cues_.wait(answer_, context_.stop);
    if (came) tell(*answer_, context_);
    co_return came;
  }

 private:
  Cues& cues_;
  CallContext& context_;
  const Answer* answer_ = nullptr;
};

/// While a reply is given out whose stream a shared budget had closed.
class Cut {
 public:
  Cut(Cues& cues, const RecordedReply& known) : cues_(cues) {
    if (known.budget.empty()) return;
    const bool cost = known.cut == "max_cost";
    cues_.spent = LimitReached{cost ? "max_cost" : "max_tokens", known.budget, true};
  }
  ~Cut() { cues_.spent.reset(); }
  Cut(const Cut&) = delete;
  Cut& operator=(const Cut&) = delete;

 private:
  Cues& cues_;
};

class ReplayedModel final : public models::Model {
 public:
  ReplayedModel(std::shared_ptr<const Backstage> backstage, std::string entry, std::string name)
      : backstage_(std::move(backstage)), entry_(std::move(entry)), name_(std::move(name)) {}

  const std::string& name() const override { return name_; }

  Task<Result<models::ModelReply>> complete(models::ModelRequest request, models::TokenSink& sink,
                                            CallContext& context) override {
    if (context.run.empty())  // what a memory does after a run is not part of it
      co_return fail(ErrorCode::unavailable, "a replay ends with its run");
    Asking asking(backstage_->cues, context);
    const bool judges = request.intent == models::Intent::judge;
    const Answer* answer = asking.ask({.kind = judges ? Answer::Kind::judge : Answer::Kind::step,
                                       .run = context.run,
                                       .step = context.step,
                                       .name = entry_,
                                       .asked = messages_of(request)});
    if (answer && answer->end == Answer::End::stopped && answer->written > 0)
      sink.on_reasoning(lost_text(answer->written));
    if (!co_await asking.wait()) {
      // Of a judge that another one's verdict closed.
      if (answer && answer->end == Answer::End::failed && answer->written > 0)
        sink.on_reasoning(lost_text(answer->written));
      co_return fail(stopped("a model", context.stop.reason()));
    }
    if (answer->end == Answer::End::failed) co_return failure(*answer, sink);
    if (answer->kind == Answer::Kind::judge) co_return judgement(*answer, sink);
    co_return co_await reply(*answer, sink, context);
  }

 private:
  Json messages_of(const models::ModelRequest& request) const {
    Json messages = Json::array();
    for (models::Message message : request.transcript->messages()) {
      if (!backstage_->secrets.empty()) message.content = redact(message.content, backstage_->secrets);
      messages.push_back(message_to_fact(message));
    }
    return messages;
  }

  static Result<models::ModelReply> failure(const Answer& answer, models::TokenSink& sink) {
    if (const std::string entry = string_or(answer.came, "entry"); !entry.empty()) (void)sink.on_entry(entry);
    if (answer.written > 0) sink.on_reasoning(lost_text(answer.written));
    const Json* error = find(answer.came, "error");
    return fail(error ? error_from_fact(*error)
                      : Error{.message = "the record does not say what went wrong"});
  }

  // Versions that did not keep the text of a verdict kept what it said.
  static Result<models::ModelReply> judgement(const Answer& answer, models::TokenSink& sink) {
    const Json& came = answer.came;
    models::ModelReply reply{.text = string_or(came, "text"),
                             .model = string_or(came, "model"),
                             .entry = string_or(came, "entry")};
    if (!find(came, "text"))
      reply.text = dump(Json{{"pass", flag(came, "pass")}, {"reason", string_or(came, "reason")}});
    if (const Json* usage = find(came, "usage"))
      reply.usage = {.input_tokens = number_or(*usage, "input"),
                     .output_tokens = number_or(*usage, "output"),
                     .cached_tokens = number_or(*usage, "cached"),
                     .estimated = flag(*usage, "estimated")};
    if (!reply.entry.empty()) (void)sink.on_entry(reply.entry);
    if (!sink.on_text(reply.text)) reply.finish = models::FinishReason::closed_early;
    return reply;
  }

  Task<Result<models::ModelReply>> reply(const Answer& answer, models::TokenSink& sink,
                                         CallContext& context) const {
    RecordedReply known = reply_from_fact(answer.came);
    models::ModelReply& reply = known.reply;
    if (!reply.entry.empty()) (void)sink.on_entry(reply.entry);
    if (!reply.reasoning.empty()) sink.on_reasoning(reply.reasoning);
    // A stream that was closed while the model thought aloud brought nothing but what it cost.
    if (!known.cut.empty() && reply.text.empty() && reply.reasoning.empty() && reply.tool_calls.empty()) {
      {
        const Cut cut(backstage_->cues, known);
        sink.on_reasoning(lost_text(reply.usage.output_tokens));
      }
      Stop never(context.stop);
      co_await context.loop.sleep_until(Instant::max(), never);
      co_return fail(stopped("a model", context.stop.reason()));
    }
    const Cut cut(backstage_->cues, known);
    if (!reply.text.empty()) (void)sink.on_text(reply.text);
    co_return std::move(reply);
  }

  const std::shared_ptr<const Backstage> backstage_;
  const std::string entry_;
  const std::string name_;
};

class ReplayedTool final : public tools::Tool {
 public:
  ReplayedTool(std::shared_ptr<const Backstage> backstage, std::string name,
               std::shared_ptr<tools::Tool> tool)
      : backstage_(std::move(backstage)), name_(std::move(name)), tool_(std::move(tool)) {}

  const tools::ToolSpec& spec() const override { return tool_->spec(); }

  Task<Result<tools::ToolOutput>> call(tools::ToolInput input, CallContext& context) override {
    Asking asking(backstage_->cues, context);
    const Answer* answer = asking.ask({.kind = Answer::Kind::tool,
                                       .run = context.run,
                                       .step = context.step,
                                       .name = name_,
                                       .asked = std::move(input.arguments)});
    if (!co_await asking.wait()) co_return fail(stopped("a tool", context.stop.reason()));
    if (!flag(answer->came, "ok")) co_return fail(ErrorCode::tool, string_or(answer->came, "error"));
    co_return output(*answer, input);
  }

 private:
  Result<tools::ToolOutput> output(const Answer& answer, const tools::ToolInput& input) const {
    tools::ToolOutput output{.text = string_or(answer.came, "output"),
                             .ends = find(answer.more, "tool.ends") != nullptr};
    if (const Json* more = find(answer.more, "tool.more")) {
      auto whole = backstage_->texts(string_or(*more, "blob"));
      if (!whole) return within("the whole output of a tool", std::move(whole.error()));
      output.text = std::move(*whole);
    }
    const Json* kept = find(answer.more, "tool.sources");
    const Json* sources = kept ? find(*kept, "sources") : nullptr;
    std::size_t passages = 0;
    if (sources && sources->is_array())
      for (const Json& source : *sources) {
        const Json* passage = find(source, "passage");
        passages += passage != nullptr;
        output.sources.push_back(
            {string_or(source, "title"), string_or(source, "url"), passage ? *passage : Json()});
      }
    if (passages > 0 && input.numbers) (void)input.numbers(passages);  // those that follow have others
    return output;
  }

  const std::shared_ptr<const Backstage> backstage_;
  const std::string name_;
  const std::shared_ptr<tools::Tool> tool_;
};

class ReplayedKnowledge final : public memory::Knowledge {
 public:
  ReplayedKnowledge(std::shared_ptr<const Backstage> backstage,
                    std::map<std::string, std::string, std::less<>> bases)
      : backstage_(std::move(backstage)), bases_(std::move(bases)) {}

  Task<Result<memory::Retrieved>> search(std::string name, std::string query, memory::SearchOverrides,
                                         CallContext& context) override {
    Asking asking(backstage_->cues, context);
    const Answer* answer = asking.ask({.kind = Answer::Kind::search,
                                       .run = context.run,
                                       .step = context.step,
                                       .name = std::move(name),
                                       .asked = Json(std::move(query))});
    const bool came = co_await asking.wait();
    const std::string error = answer ? string_or(answer->came, "error") : "";
    if (!came) {
      Error why = stopped("a search", context.stop.reason());
      if (!error.empty()) why.message = error;
      co_return fail(std::move(why));
    }
    if (!error.empty()) co_return fail(ErrorCode::tool, error);
    memory::Retrieved found;
    if (const Json* hits = find(answer->came, "hits")) found.hits = hits_from_fact(*hits);
    if (const Json* remarks = find(answer->came, "remarks"); remarks && remarks->is_array())
      for (const Json& remark : *remarks)
        if (remark.is_string()) found.remarks.push_back(remark.get<std::string>());
    co_return found;
  }

  Task<Result<std::vector<memory::StoredChunk>>> read(std::string name, std::int64_t, std::size_t,
                                                      std::size_t, CallContext&) override {
    co_return fail(ErrorCode::unavailable, fmt::format("a replay reads nothing of knowledge base {}", name));
  }

  std::string about(std::string_view name) const override {
    const auto base = bases_.find(name);
    return base == bases_.end() ? "" : base->second;
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, about] : bases_) names.push_back(name);
    return names;
  }

 private:
  const std::shared_ptr<const Backstage> backstage_;
  const std::map<std::string, std::string, std::less<>> bases_;
};

class SilentEmbedder final : public models::Embedder {
 public:
  explicit SilentEmbedder(std::string name) : name_(std::move(name)) {}

  Task<Result<models::Vectors>> embed(std::vector<std::string>, CallContext&) override {
    co_return fail(ErrorCode::unavailable, "a replay makes no vectors");
  }
  const std::string& name() const override { return name_; }
  std::size_t dimensions() const override { return 0; }
  models::EmbedderLimits limits() const override { return {}; }

 private:
  const std::string name_;
};

class SilentMemory final : public memory::OutsideMemory {
 public:
  std::unique_ptr<memory::Memory> make(const memory::MemorySettings& settings,
                                       memory::MemoryServices services) const override {
    memory::MemorySettings recorded{.type = "none", .steps = settings.steps};
    return std::make_unique<memory::LastTurns>(recorded, services);
  }
};

}  // namespace

std::shared_ptr<models::Model> replayed_model(std::shared_ptr<const Backstage> backstage, std::string entry,
                                              std::string name) {
  return std::make_shared<ReplayedModel>(std::move(backstage), std::move(entry), std::move(name));
}

std::shared_ptr<tools::Tool> replayed_tool(std::shared_ptr<const Backstage> backstage, std::string name,
                                           std::shared_ptr<tools::Tool> tool) {
  return std::make_shared<ReplayedTool>(std::move(backstage), std::move(name), std::move(tool));
}

std::shared_ptr<memory::Knowledge> replayed_knowledge(std::shared_ptr<const Backstage> backstage,
                                                      std::map<std::string, std::string, std::less<>> bases) {
  return std::make_shared<ReplayedKnowledge>(std::move(backstage), std::move(bases));
}

std::shared_ptr<models::Embedder> silent_embedder(std::string name) {
  return std::make_shared<SilentEmbedder>(std::move(name));
}

std::shared_ptr<const memory::OutsideMemory> silent_memory() {
  return std::make_shared<const SilentMemory>();
}

}  // namespace troupe::agents
