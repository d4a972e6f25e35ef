#pragma once

#include "memory/knowledge/ingest/cut_document.h"
#include "memory/knowledge/ingest/ingest.h"
#include "memory/knowledge/ingest/ingest_plan.h"
#include "memory/knowledge/ingest/outages.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::memory {

/// One ingest while it runs. Loop thread only.
class Ingestion {
 public:
  Ingestion(IngestServices services, IngestTarget target, IngestRequest request, Stop& stop);

  Task<Result<IngestReport>> run();

 private:
  using Nanoseconds = std::chrono::nanoseconds;

  /// The bytes of a source, or that there is no need of them.
  struct Brought {
    enum class State { bytes, same, gone };
    State state = State::bytes;
    std::string bytes;
    std::string content_type;
    DocumentVersion version;
  };

  // ingestion.cpp: the whole
  Task<Result<>> prepare();
  Task<Result<>> try_embedder();
  CallContext embedding();
  Task<Result<SourceList>> list();
  void add_given(SourceList& list);
  Task<Result<KnownDocuments>> known(const SourceList& list);
  Task<> work();
  Task<Result<>> remove_rest();
  Result<IngestReport> finish();

  // document_work.cpp: one document
  Task<Result<>> take_in(IngestStep step);
  Task<Result<>> take_bytes(IngestStep step);
  Task<Result<Brought>> bring(const IngestStep& step);
  Task<Result<Brought>> bring_file(const IngestStep& step);
  Task<Result<Brought>> bring_page(const IngestStep& step);
  Task<Result<Brought>> bring_given(GivenDocument given);
  Task<> hash(Brought& brought, std::string bytes);
  Task<Result<>> keep(const IngestStep& step, std::string stamp);
  /// What the base has of its text. None when that cannot be used: it is gone, or damaged.
  Task<std::optional<Document>> stored(const IngestStep& step);
  Task<Result<>> read(const IngestStep& step, Brought brought, ExternalLoader* loader);
  Task<Result<Document>> make_document(ExternalLoader* loader, ReadRequest request);
  Result<ExternalLoader*> loader_of(const IngestStep& step, Brought& brought) const;
  std::string expected(const IngestStep& step) const;
  Task<Result<>> store(const IngestStep& step, DocumentVersion version, Document document);
  Task<Result<models::Vectors>> embed(const CutDocument& cut);
  Task<Result<>> remove(std::string source);

  void end(Error error);
  void warn(std::string sentence);
  void publish(IngestEvent event);
  void announce(std::size_t total);
  void tell(IngestProgress::Phase phase, const std::string& current);
  Milliseconds read_time() const;

  IngestServices services_;
  const IngestTarget target_;
  IngestRequest request_;
  Stop& stop_;
  Stop ending_;                 // of the caller, or because the rest would fail as well
  std::optional<Error> error_;  // why, in the latter case
  const std::string preparation_;
  const Instant begun_;

  BaseRow base_;
  std::map<std::string, GivenDocument> given_;
  std::vector<std::string> unlisted_;  // why some sources are not in the plan, until that is published
  IngestPlan plan_;
  std::size_t next_ = 0;
  std::size_t done_ = 0;
  Outages outages_;
  IngestReport report_;
};

}  // namespace troupe::memory
