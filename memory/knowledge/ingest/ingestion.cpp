#include "memory/knowledge/ingest/ingestion.h"

#include "memory/knowledge/ingest/limits.h"
#include "memory/knowledge/ingest/source_list.h"
#include "memory/knowledge/source_name.h"
#include "runtime/async/nursery.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

KnownDocument known_of(DocumentRow row) {
  return {row.id, std::move(row.source), row.origin, std::move(row.version)};
}

void put(KnownDocuments& all, DocumentRow row) {
  std::string source = row.source;
  all.emplace(std::move(source), known_of(std::move(row)));
}

}  // namespace

Ingestion::Ingestion(IngestServices services, IngestTarget target, IngestRequest request, Stop& stop)
    : services_(std::move(services)),
      target_(std::move(target)),
      request_(std::move(request)),
      stop_(stop),
      ending_(stop),
      preparation_(preparation_of(target_.chunk, target_.encoding, target_.embedding)),
      begun_(services_.loop.clock().now()) {}

Task<Result<IngestReport>> Ingestion::run() {
  if (auto ready = co_await prepare(); !ready) {
    publish({.what = IngestEvent::What::finished, .why = ready.error().message, .report = &report_});
    co_return fail(std::move(ready.error()));
  }
  Nursery nursery(services_.loop);
  const std::size_t at_once = std::min(limits::kDocumentsAtOnce, plan_.steps.size());
  for (std::size_t i = 0; i < at_once; ++i) nursery.spawn("ingest documents", [this] { return work(); });
  co_await nursery.join();
  if (!ending_.requested())
    if (auto done = co_await remove_rest(); !done) end(std::move(done.error()));
  co_return finish();
}

Task<Result<>> Ingestion::prepare() {
  if (!request_.given.empty() && request_.origin == Origin::sources)
    co_return fail(ErrorCode::invalid, "documents that are given cannot count as found in the sources");
  auto listed = co_await list();
  if (!listed) co_return fail(std::move(listed.error()));
  if (auto answers = co_await try_embedder(); !answers) co_return answers;
  auto base = co_await services_.store.claim_base(target_.key, target_.embedding);
  if (!base) co_return fail(std::move(base.error()));
  base_ = std::move(*base);
  add_given(*listed);
  auto documents = co_await known(*listed);
  if (!documents) co_return fail(std::move(documents.error()));
  auto plan = [listed = std::move(*listed), documents = std::move(*documents),
               rules = PlanRules{preparation_, request_.origin, request_.force, target_.loaders}]() mutable {
    return plan_ingest(std::move(listed), std::move(documents), rules);
  };
  plan_ = co_await offload(services_.loop, services_.workers, std::move(plan));
  report_.unchanged = plan_.unchanged.size();
  announce(plan_.unchanged.size() + plan_.steps.size());
  co_return Result<>();
}

// A base that is to get other vectors loses those it has: not for an embedder that does not answer.
Task<Result<>> Ingestion::try_embedder() {
  auto before = co_await services_.store.find_base(target_.key);
  if (!before) co_return fail(std::move(before.error()));
  if (!*before || (*before)->embedding == target_.embedding || !services_.embedder) co_return Result<>();
  CallContext context = embedding();
  std::vector<std::string> text{"a text"};
  auto vectors = co_await services_.embedder->embed(std::move(text), context);
  if (!vectors)
    co_return within("the base keeps the vectors it has, because its new embedder does not answer",
                     vectors.error());
  co_return Result<>();
}

Task<Result<SourceList>> Ingestion::list() {
  tell(IngestProgress::Phase::listing, "");
  const auto cancelled = std::make_shared<std::atomic<bool>>(false);
  const auto hook = ending_.on_request([cancelled] { cancelled->store(true); });
  auto find = [sources = request_.sources,
               options = ListOptions{target_.limits.files, cancelled, target_.loaders}] {
    return list_sources(sources, options);
  };
  const Instant begun = services_.loop.clock().now();
  auto listed = co_await offload(services_.loop, services_.workers, std::move(find));
  report_.stages.list = services_.loop.clock().now() - begun;
  if (ending_.requested()) co_return fail(stopped("ingest", ending_.reason()));
  report_.failed += listed.problems.size();
  if (request_.on_event) unlisted_ = listed.problems;
  for (auto* sentences : {&listed.problems, &listed.remarks})
    for (std::string& sentence : *sentences) warn(std::move(sentence));
  co_return listed;
}

void Ingestion::add_given(SourceList& list) {
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < list.items.size(); ++i) places.emplace(list.items[i].source, i);
  for (GivenDocument& given : request_.given) {
    if (given.name.empty() || given.name.size() > limits::kGivenNameBytes) {
      ++report_.failed;
      unlisted_.push_back(fmt::format("A document was given with a name of {} bytes; it has 1 to {}.",
                                      given.name.size(), limits::kGivenNameBytes));
      warn(unlisted_.back());
      continue;
    }
    std::string name = given.name;
    const auto [place, is_new] = places.try_emplace(name, list.items.size());
    if (is_new) list.items.emplace_back();
    list.items[place->second] = {.source = name, .size = given.bytes.size()};
    given_.insert_or_assign(std::move(name), std::move(given));
  }
  request_.given.clear();
}

Task<Result<KnownDocuments>> Ingestion::known(const SourceList& list) {
  KnownDocuments all;
  if (request_.origin == Origin::added && list.items.size() <= limits::kSingleLookups) {
    for (const SourceItem& item : list.items) {
      auto row = co_await services_.store.read_document(base_.id, item.source);
      if (!row) co_return fail(std::move(row.error()));
      if (*row) put(all, std::move(**row));
    }
    co_return all;
  }
  for (std::string after;;) {
    auto rows = co_await services_.store.list_documents(base_.id, after, limits::kDocumentPage);
    if (!rows) co_return fail(std::move(rows.error()));
    if (ending_.requested()) co_return fail(stopped("ingest", ending_.reason()));
    if (rows->empty()) co_return all;
    after = rows->back().source;
    for (DocumentRow& row : *rows) put(all, std::move(row));
  }
}

Task<> Ingestion::work() {
  while (next_ < plan_.steps.size() && !ending_.requested()) {
    IngestStep step = std::move(plan_.steps[next_++]);
    std::string source = step.item.source;
    tell(IngestProgress::Phase::documents, source);
    auto done = co_await take_in(std::move(step));
    if (!done && !ending_.requested()) {
      ++report_.failed;
      warn(fmt::format("{} was not taken in: {}.", shown_source(source), done.error().message));
      publish({.what = IngestEvent::What::failed, .source = source, .why = done.error().message});
    }
    ++done_;
    tell(IngestProgress::Phase::documents, source);
  }
}

Task<Result<>> Ingestion::remove_rest() {
  for (KnownDocument& document : plan_.removed) {
    if (ending_.requested()) break;
    tell(IngestProgress::Phase::removing, document.source);
    if (auto done = co_await remove(std::move(document.source)); !done) co_return done;
  }
  co_return Result<>();
}

Result<IngestReport> Ingestion::finish() {
  report_.seconds = std::chrono::duration<double>(services_.loop.clock().now() - begun_).count();
  Result<> done;
  if (error_)
    done = within(fmt::format("knowledge `{}`", target_.key.name), std::move(*error_));
  else if (stop_.requested())
    done = fail(stopped("ingest", stop_.reason()));
  publish({.what = IngestEvent::What::finished, .why = done ? "" : done.error().message, .report = &report_});
  if (!done) return fail(std::move(done.error()));
  return std::move(report_);
}

void Ingestion::publish(IngestEvent event) {
  if (request_.on_event) request_.on_event(event);
}

void Ingestion::announce(std::size_t total) {
  if (!request_.on_event) return;
  publish({.what = IngestEvent::What::started, .total = total});
  for (std::string& why : unlisted_) publish({.what = IngestEvent::What::failed, .why = std::move(why)});
  for (std::string& source : plan_.unchanged)
    publish({.what = IngestEvent::What::unchanged, .source = std::move(source)});
}

void Ingestion::end(Error error) {
  if (!error_ && !ending_.requested()) error_ = std::move(error);
  ending_.request(StopReason::cancelled);
}

void Ingestion::warn(std::string sentence) {
  if (report_.warnings.size() < limits::kIngestWarnings)
    report_.warnings.push_back(std::move(sentence));
  else
    ++report_.more_warnings;
}

void Ingestion::tell(IngestProgress::Phase phase, const std::string& current) {
  if (!request_.on_progress) return;
  request_.on_progress({phase, done_, plan_.steps.size(), report_.bytes, report_.chunks, current});
}

std::string_view word(IngestEvent::What what) {
  using What = IngestEvent::What;
  switch (what) {
    case What::started:
      return "started";
    case What::added:
      return "added";
    case What::changed:
      return "changed";
    case What::unchanged:
      return "unchanged";
    case What::failed:
      return "failed";
    case What::removed:
      return "removed";
    case What::finished:
      break;
  }
  return "finished";
}

Task<Result<IngestReport>> ingest(IngestServices services, IngestTarget target, IngestRequest request,
                                  Stop& stop) {
  Ingestion ingestion(std::move(services), std::move(target), std::move(request), stop);
  co_return co_await ingestion.run();
}

}  // namespace troupe::memory
