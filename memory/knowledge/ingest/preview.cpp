#include "memory/knowledge/ingest/preview.h"

#include "memory/knowledge/ingest/ingest_plan.h"
#include "memory/knowledge/ingest/limits.h"
#include "memory/knowledge/ingest/source_file.h"
#include "memory/knowledge/ingest/source_list.h"
#include "memory/knowledge/source_name.h"
#include "runtime/base/sha256.h"

#include <atomic>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

/// One preview while it is made.
class Preview {
 public:
  Preview(PreviewServices services, IngestTarget target, IngestRequest request, Stop& stop)
      : services_(services),
        target_(std::move(target)),
        request_(std::move(request)),
        stop_(stop),
        preparation_(preparation_of(target_.chunk, target_.encoding, target_.embedding)) {}

  Task<Result<IngestPreview>> run() {
    if (!request_.given.empty() && request_.origin == Origin::sources)
      co_return fail(ErrorCode::invalid, "documents that are given cannot count as found in the sources");
    SourceList listed = co_await list();
    add_given(listed);
    auto documents = co_await known();
    if (!documents) co_return fail(std::move(documents.error()));
    auto plan = [listed = std::move(listed), documents = std::move(*documents),
                 rules =
                     PlanRules{preparation_, request_.origin, request_.force, target_.loaders}]() mutable {
      return plan_ingest(std::move(listed), std::move(documents), rules);
    };
    IngestPlan plan_of = co_await offload(services_.loop, services_.workers, std::move(plan));
    made_.unchanged = plan_of.unchanged.size();
    for (IngestStep& step : plan_of.steps) {
      if (stop_.requested()) break;
      co_await take(std::move(step));
    }
    for (KnownDocument& document : plan_of.removed) made_.removed.push_back(std::move(document.source));
    if (stop_.requested()) co_return fail(stopped("the preview", stop_.reason()));
    co_return std::move(made_);
  }

 private:
  Task<SourceList> list() {
    const auto cancelled = std::make_shared<std::atomic<bool>>(false);
    const auto hook = stop_.on_request([cancelled] { cancelled->store(true); });
    auto find = [sources = request_.sources,
                 options = ListOptions{target_.limits.files, cancelled, target_.loaders}] {
      return list_sources(sources, options);
    };
    auto listed = co_await offload(services_.loop, services_.workers, std::move(find));
    made_.failed += listed.problems.size();
    for (auto* sentences : {&listed.problems, &listed.remarks})
      for (std::string& sentence : *sentences) warn(std::move(sentence));
    co_return listed;
  }

  // Later ones of a name, and those that are found under it, are what an ingest takes, too.
  void add_given(SourceList& list) {
    for (const GivenDocument& given : request_.given) given_[given.name] = sha256_hex(given.bytes);
    std::erase_if(list.items, [this](const SourceItem& item) { return given_.contains(item.source); });
    for (const auto& [name, content] : given_) list.items.push_back({.source = name});
  }

  Task<Result<KnownDocuments>> known() {
    KnownDocuments all;
    auto base = co_await services_.store.find_base(target_.key);
    if (!base) co_return fail(std::move(base.error()));
    if (!*base) co_return all;
    for (std::string after;;) {
      auto rows = co_await services_.store.list_documents((*base)->id, after, limits::kDocumentPage);
      if (!rows) co_return fail(std::move(rows.error()));
      if (stop_.requested()) co_return fail(stopped("the preview", stop_.reason()));
      if (rows->empty()) co_return all;
      after = rows->back().source;
      for (DocumentRow& row : *rows)
        all.emplace(row.source, KnownDocument{row.id, row.source, row.origin, std::move(row.version)});
    }
  }

  Task<> take(IngestStep step) {
    const std::string& source = step.item.source;
    if (step.what == IngestStep::What::claim) {
      ++made_.unchanged;
    } else if (!step.known) {
      made_.added.push_back(source);
    } else if (step.what == IngestStep::What::recut || request_.force) {
      made_.changed.push_back(source);
    } else if (step.item.is_url) {
      made_.asked.push_back(source);
    } else {
      co_await compare(std::move(step));
    }
  }

  Task<> compare(IngestStep step) {
    auto content = co_await content_of(step.item);
    if (!content) {
      ++made_.failed;
      warn(
          fmt::format("{} cannot be taken in: {}.", shown_source(step.item.source), content.error().message));
      co_return;
    }
    const DocumentVersion& before = step.known->version;
    if (before.content == *content &&
        before.preparation ==
            expected_preparation(preparation_, step.item, before.preparation, target_.loaders.get()))
      ++made_.unchanged;
    else
      made_.changed.push_back(std::move(step.item.source));
  }

  Task<Result<std::string>> content_of(SourceItem item) {
    if (const auto given = given_.find(item.source); given != given_.end()) co_return given->second;
    auto read = [item = std::move(item), most = target_.limits.file]() -> Result<std::string> {
      auto file = read_source_file(item.source, item.root, most);
      if (!file) return fail(std::move(file.error()));
      return std::move(file->content);
    };
    co_return co_await offload(services_.loop, services_.workers, std::move(read));
  }

  void warn(std::string sentence) {
    if (made_.warnings.size() < limits::kIngestWarnings)
      made_.warnings.push_back(std::move(sentence));
    else
      ++made_.more_warnings;
  }

  const PreviewServices services_;
  const IngestTarget target_;
  const IngestRequest request_;
  Stop& stop_;
  const std::string preparation_;
  std::map<std::string, std::string, std::less<>> given_;  // checksums by name
  IngestPreview made_;
};

}  // namespace

Task<Result<IngestPreview>> preview_ingest(PreviewServices services, IngestTarget target,
                                           IngestRequest request, Stop& stop) {
  Preview preview(services, std::move(target), std::move(request), stop);
  co_return co_await preview.run();
}

}  // namespace troupe::memory
