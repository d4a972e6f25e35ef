#include "app/knowledge_keeper.h"

#include "runtime/telemetry/log.h"

#include <utility>

namespace troupe::app {

namespace {

/// What an embedder says on the way belongs into the log.
class LoggedEvents final : public EventSink {
 public:
  void publish(Event event) override {
    if (event.type == "warning") log::warn(string_or(event.fields, "text"));
  }
};

void tell(const std::string& base, const memory::IngestReport& report) {
  for (const std::string& warning : report.warnings)
    log::warn("a source could not be taken in as it should", {{"knowledge", base}, {"why", warning}});
  if (report.added + report.changed + report.removed + report.failed == 0) return;
  log::info("knowledge was brought up to date", {{"knowledge", base},
                                                 {"added", report.added},
                                                 {"changed", report.changed},
                                                 {"unchanged", report.unchanged},
                                                 {"removed", report.removed},
                                                 {"failed", report.failed},
                                                 {"chunks", report.chunks},
                                                 {"seconds", report.seconds}});
}

}  // namespace

KnowledgeKeeper::KnowledgeKeeper(Loop& loop, Library& library) : library_(library), nursery_(loop) {}
KnowledgeKeeper::~KnowledgeKeeper() = default;

void KnowledgeKeeper::begin(std::shared_ptr<const memory::ConfiguredKnowledge> knowledge,
                            net::HttpClient& fetches) {
  fetches_ = &fetches;
  if (working_) {
    next_ = std::move(knowledge);
    stop_->request(StopReason::cancelled);
    return;
  }
  working_ = true;
  stop_ = std::make_shared<Stop>();
  nursery_.spawn("knowledge",
                 [this, knowledge = std::move(knowledge), stop = stop_] { return keep(knowledge, stop); });
}

Task<> KnowledgeKeeper::keep(std::shared_ptr<const memory::ConfiguredKnowledge> knowledge,
                             std::shared_ptr<Stop> stop) {
  for (const auto& [name, base] : knowledge->bases()) {
    if (stop->requested()) break;
    if (co_await is_kept(base)) co_await take_in(base, *stop);
  }
  co_await library_.table().save();
  working_ = false;
  if (auto next = std::exchange(next_, nullptr)) begin(std::move(next), *fetches_);
}

// A base whose sources were taken out of the configuration loses what they brought.
Task<bool> KnowledgeKeeper::is_kept(const memory::ConfiguredBase& base) {
  if (!base.settings.sources.empty()) co_return true;
  auto there = co_await library_.store().find_base({"", base.settings.name});
  co_return there && there->has_value();
}

Task<> KnowledgeKeeper::take_in(const memory::ConfiguredBase& base, Stop& stop) {
  LoggedEvents events;
  memory::IngestRequest request;
  request.sources = base.settings.sources;
  auto report = co_await library_.take_in(base, "", std::move(request), *fetches_, events, stop);
  if (report)
    tell(base.settings.name, *report);
  else if (!stop.requested())
    log::error("knowledge could not be brought up to date; what was taken in before stays",
               {{"knowledge", base.settings.name}, {"error", report.error().message}});
}

Task<> KnowledgeKeeper::close() {
  next_ = nullptr;
  if (stop_) stop_->request(StopReason::shutdown);
  co_await nursery_.join();
}

}  // namespace troupe::app
