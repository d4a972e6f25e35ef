#include "agents/teams/tool_run.h"

#include "agents/runs/facts.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

/// What the call reports while it is at work. A warning is journaled. What it spent on models is counted.
class ToolRun::Events final : public EventSink {
 public:
  explicit Events(ToolRun& run) : run_(run) {}

  void publish(Event event) override {
    run_.record_.stamp(event);
    if (event.type == "usage") return run_.note_use(std::move(event));
    if (event.type == "warning")
      run_.record_.pending().events.push_back(std::move(event));
    else
      run_.record_.publish(event);
  }

 private:
  ToolRun& run_;
};

ToolRun::ToolRun(RunServices services, std::shared_ptr<const Agent> caller, std::string tool,
                 store::RunRow row, Stop& stop, RecordedRun recorded)
    : services_(std::move(services)),
      caller_(std::move(caller)),
      tool_(std::move(tool)),
      stop_(stop),
      work_(stop),
      recorded_(std::move(recorded)),
      record_(services_.journal, std::move(row)),
      purse_(services_.account, services_.loop.clock(), record_.row()),
      clock_(services_.loop, caller_->settings.limits.time, recorded_.used),
      calls_(services_.loop, services_.journal, record_, clock_, *caller_, recorded_),
      events_(std::make_unique<Events>(*this)) {
  calls_.on_waits_changed(services_.waits_changed);
  used_ = recorded_.broken;
  cost_ = recorded_.broken_cost;
}

ToolRun::~ToolRun() = default;

Task<> ToolRun::run() {
  clock_.start([this] { work_.request(StopReason::deadline); });
  PlannedCall call{.id = "c_1", .tool = tool_};
  if (auto input = parse_json(record_.row().input))
    call.input = std::move(*input);
  else
    call.refused = fmt::format("the input is no JSON: {}", input.error().message);
  calls_.plan({std::move(call)}, 1);
  if (recorded_.intents.empty() && recorded_.approvals.empty() && recorded_.observations.empty()) {
    store::Append append = record_.take_pending();
    calls_.record_plan(append);
    if (!co_await record_.commit(std::move(append))) co_return;
  }
  const store::RunRow& row = record_.row();
  CallContext context{.loop = services_.loop,
                      .stop = work_,
                      .deadline = clock_.deadline(),
                      .events = *events_,
                      .principal = {.name = "", .tenant = row.tenant},
                      .session = row.session,
                      .run = row.id,
                      .agent = row.agent,
                      .step = 1};
  const bool known = recorded_.observations.contains("c_1");
  std::vector<Observation> seen =
      known ? std::vector{recorded_.observations.at("c_1")} : co_await calls_.run(context, stop_);
  co_await finish(std::move(seen.front()));
}

// On disk at once: a stop or a crash may take what comes of the call.
void ToolRun::note_use(Event told) {
  const models::ModelUse use = use_of(told);
  store::Append append;
  append.facts.push_back(record_.fact(
      "model.broken", 1,
      {{"input", use.usage.input_tokens}, {"output", use.usage.output_tokens}, {"cost", use.cost}}));
  if (!use.cache_hit) append.spent.push_back(purse_.spend(use.usage, use.cost, use.model));
  append.events.push_back(std::move(told));
  services_.journal.post(std::move(append));
  used_.input_tokens += use.usage.input_tokens;
  used_.output_tokens += use.usage.output_tokens;
  cost_ += use.cost;
}

Task<> ToolRun::finish(Observation seen) {
  if (record_.lost() || stop_.reason() == StopReason::shutdown) co_return;
  std::string_view status = seen.ok ? "done" : "failed";
  std::string_view reason = seen.ok ? "final_answer" : "tool_error";
  if (seen.denied) status = reason = "denied";
  if (seen.stop) reason = kUnanswered;
  if (work_.reason() == StopReason::deadline) {
    status = "limit";
    reason = "max_time";
  } else if (work_.requested()) {
    status = reason = "cancelled";
  }
  store::RunRow& row = record_.row();
  store::Append append = record_.take_pending();
  if (seen.ok && status == "done") {
    append.events.push_back(record_.event("answer", 1));
    append.events.back().fields["text"] = seen.output;
    if (auto data = parse_json(seen.output); data && data->is_structured())
      append.events.back().fields["data"] = std::move(*data);
    row.answer = seen.output;
  }
  record_.finish({.status = status,
                  .reason = reason,
                  .detail = seen.error,
                  .steps = 1,
                  .input_tokens = used_.input_tokens,
                  .output_tokens = used_.output_tokens,
                  .cost = cost_},
                 services_.loop.clock().wall_ms(), append);
  co_await record_.commit(std::move(append));
}

}  // namespace troupe::agents
