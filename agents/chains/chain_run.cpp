#include "agents/chains/chain_run.h"

#include "agents/chains/chain_events.h"
#include "agents/runs/attachments.h"
#include "agents/runs/stop_fact.h"
#include "memory/conversation/turn.h"
#include "memory/knowledge/search/citations.h"
#include "memory/knowledge/search/limits.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

// Texts of an answer that may cite: numbers in a list of data are none.
void add_texts(const Json& value, std::string& texts) {
  if (value.is_string()) texts += value.get<std::string>() + "\n";
  if (value.is_structured())
    for (const Json& member : value) add_texts(member, texts);
}

}  // namespace

ChainRun::ChainRun(RunServices services, std::shared_ptr<const Chain> chain, store::RunRow row, Json inputs,
                   Stop& stop, RecordedChain recorded)
    : loop_(services.loop),
      journal_(services.journal),
      secrets_(std::move(services.secrets)),
      chain_(std::move(chain)),
      stop_(stop),
      work_(stop),
      recorded_(std::move(recorded)),
      record_(services.journal, std::move(row)),
      purse_(services.account, services.loop.clock(), record_.row()),
      budget_(chain_->settings.limits),
      clock_(loop_, chain_->settings.limits.time, recorded_.used),
      slots_(loop_, static_cast<std::size_t>(chain_->settings.limits.parallel)),
      events_(std::make_unique<Events>(*this)),
      walk_(loop_, chain_, *this, record_.row().input, std::move(inputs)) {}

ChainRun::~ChainRun() = default;

Task<> ChainRun::run() {
  clock_.start([this] { work_.request(StopReason::deadline); });
  if (auto begun = co_await begin(); !begun) {
    co_await finish(
        std::unexpected(ChainEnd{.status = "failed", .reason = "internal", .detail = begun.error().message}));
    co_return;
  }
  auto answer = co_await walk_.run(work_);
  co_await finish(std::move(answer));
}

Result<Approvals::Receipt> ChainRun::decide(const Decision& decision) {
  return fail(ErrorCode::not_found, fmt::format("no call `{}` waits for an approval", decision.call));
}

Task<Result<>> ChainRun::begin() {
  store::RunRow& row = record_.row();
  if (!recorded_.started) {
    record_.pending().events.push_back(run_event(row, "run.started"));
    row.status = "running";
    record_.pending().run = row;
  }
  count_recorded();
  if (!shown_attachments(row.extra).is_null())
    warn("attachments", 0, "pictures_unseen",
         "a chain sees no pictures: those of this message were left out");
  co_return co_await purse_.open(journal_);
}

// What a crash took is in the ledger from the next append on, and never twice.
void ChainRun::count_recorded() {
  budget_.spent({.input_tokens = recorded_.told_input, .output_tokens = recorded_.told_output},
                recorded_.told_cost);
  const auto count = [&](const LostChainRequest& lost) {
    const ChainModel* model = chain_->model(lost.model);
    const models::Usage usage{.input_tokens = lost.input, .estimated = true};
    const double cost = model ? models::cost_of(usage, model->price_of(lost.entry)) : 0;
    budget_.spent_untold(lost.input, cost);
    return std::pair(usage, cost);
  };
  for (const LostChainRequest& lost : recorded_.counted_lost) count(lost);
  for (const LostChainRequest& lost : recorded_.lost) {
    const auto [usage, cost] = count(lost);
    record_.pending().spent.push_back(
        purse_.spend(usage, cost, lost.entry.empty() ? lost.model : lost.entry));
    record_.pending().facts.push_back(
        record_.fact("chain.broken", lost.step, {{"key", lost.key}, {"crash", true}}));
  }
}

Task<Chained<std::vector<models::Message>>> ChainRun::history() {
  const store::RunRow& row = record_.row();
  auto turns = co_await journal_.turns(row.session, row.agent, limits::kHistoryTurns);
  if (!turns)
    co_return std::unexpected(
        ChainEnd{.status = "failed", .reason = "internal", .detail = turns.error().message});
  co_return memory::fold_turns(*turns, limits::kHistoryTurns);
}

std::optional<Json> ChainRun::decided(const std::string& key) const {
  const auto known = recorded_.decisions.find(key);
  return known == recorded_.decisions.end() ? std::nullopt : std::optional(known->second);
}

void ChainRun::decide(const std::string& key, int step, Json what) {
  record_.pending().facts.push_back(
      record_.fact("chain.decided", step, {{"key", key}, {"what", std::move(what)}}));
}

void ChainRun::warn(const std::string& key, int step, std::string_view code, std::string text) {
  if (!recorded_.warned.insert(key).second) return;
  record_.pending().facts.push_back(record_.fact("chain.warned", step, {{"key", key}}));
  record_.pending().events.push_back(warning_event(record_.event("warning", step), code, std::move(text)));
}

ChainEnd ChainRun::why_stopped() const {
  if (work_.reason() == StopReason::deadline)
    return {.status = "limit",
            .reason = "max_time",
            .detail = fmt::format("the run's {} ms were over", chain_->settings.limits.time.count())};
  return {.status = "cancelled", .reason = "cancelled"};
}

Task<> ChainRun::finish(Chained<ChainAnswer> answer) {
  if (record_.lost() || stop_.reason() == StopReason::shutdown) co_return;
  ChainEnd end{.status = "done", .reason = "final_answer"};
  if (!answer) end = work_.requested() ? why_stopped() : std::move(answer.error());
  const bool after_step = !work_.requested() && end.status == "cancelled";
  if (!answer && (work_.requested() || after_step))
    record_.pending().facts.push_back(stopped_fact(record_, walk_.step(),
                                                   {.deadline = work_.reason() == StopReason::deadline,
                                                    .after_step = after_step,
                                                    .used = clock_.used()}));
  store::RunRow& row = record_.row();
  Event last;
  if (answer) last = answer_event(*answer);  // with its warnings before it
  store::Append append = record_.take_pending();
  if (answer) {
    append.events.push_back(std::move(last));
    row.answer = std::move(answer->text);
  }
  record_.finish({.status = end.status,
                  .reason = end.reason,
                  .detail = end.detail,
                  .steps = walk_.step(),
                  .input_tokens = budget_.usage().input_tokens,
                  .output_tokens = budget_.usage().output_tokens,
                  .cost = budget_.cost()},
                 loop_.clock().wall_ms(), append);
  co_await record_.commit(std::move(append));
}

Event ChainRun::answer_event(const ChainAnswer& answer) {
  Event event = record_.event("answer", walk_.step());
  event.fields["text"] = answer.text;
  if (!answer.data.is_null()) event.fields["data"] = answer.data;
  if (answer.passages.empty()) return event;
  std::string texts = answer.text;
  if (!answer.data.is_null()) add_texts(answer.data, texts = "");
  const memory::Citations cited = memory::citations_of(texts, answer.passages);
  for (const memory::Citation& one : cited.list) event.fields["citations"].push_back(to_json(one));
  if (!cited.unknown.empty())
    warn("citations", walk_.step(), "unknown_citation",
         fmt::format("the answer refers to [{}], and {} passages were found",
                     fmt::join(cited.unknown, "], ["), answer.passages.size()));
  return event;
}

std::string ChainRun::masked(const std::string& text) const {
  return secrets_.empty() ? text : redact(text, secrets_);
}

CallContext ChainRun::context(Stop& stop, int step) {
  const store::RunRow& row = record_.row();
  return CallContext{.loop = loop_,
                     .stop = stop,
                     .deadline = clock_.deadline(),
                     .events = *events_,
                     .principal = {.name = "", .tenant = row.tenant},
                     .session = row.session,
                     .run = row.id,
                     .agent = row.agent,
                     .step = step};
}

}  // namespace troupe::agents
