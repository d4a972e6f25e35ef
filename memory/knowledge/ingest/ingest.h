#pragma once

#include "memory/knowledge/ingest/document_reader.h"
#include "memory/knowledge/ingest/external_loader.h"
#include "memory/knowledge/settings.h"
#include "memory/knowledge/source.h"
#include "memory/knowledge/store/knowledge_store.h"
#include "models/embedder.h"
#include "models/tokens/encoding.h"
#include "runtime/async/loop.h"
#include "runtime/async/offload.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/result.h"
#include "runtime/net/http_client.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// What an ingest works with. All outlive it.
struct IngestServices {
  Loop& loop;
  Workers& workers;
  KnowledgeStore& store;
  DocumentReader& reader;
  std::shared_ptr<models::Embedder> embedder;  ///< null: keyword search only
  net::HttpClient* http = nullptr;             ///< guarded; null: pages are not fetched
  EventSink& events;                           ///< what the embedder reports
};

/// Into which base, and how.
struct IngestTarget {
  BaseKey key;
  /// What makes vectors comparable: embedder, model, dimensions. Another one than the base was made with,
  /// and all its documents are embedded anew. "" without an embedder.
  std::string embedding;
  ChunkSettings chunk;
  std::optional<models::tokens::EncodingName> encoding;  ///< of sizes in tokens; none: estimated
  IngestLimits limits;
  Principal principal{};  ///< on whose behalf
  std::shared_ptr<const Loaders>
      loaders{};  ///< for formats that `reader` does not read; null: there are none
};

/// A document that is given rather than found.
struct GivenDocument {
  std::string name;  ///< its source in the base: a document of this name is replaced
  std::string bytes;
  std::string content_type{};
};

struct IngestProgress {
  enum class Phase { listing, documents, removing };
  Phase phase = Phase::listing;
  std::size_t done = 0;  ///< documents, of
  std::size_t total = 0;
  std::uint64_t bytes = 0;   ///< read so far
  std::uint64_t chunks = 0;  ///< stored so far
  std::string current;       ///< source that was begun or ended last
};

struct IngestReport;

/// One thing that an ingest did, for who shows or records it.
struct IngestEvent {
  enum class What {
    started,    ///< the sources are listed and compared: what is to be done is known
    added,      ///< a document that the base did not have
    changed,    ///< another version of one
    unchanged,  ///< it is as it was
    failed,     ///< it could not be taken in, or is not there; the base has what it had of it
    removed,    ///< the sources have it no more
    finished,   ///< the last one, also of an ingest that was stopped or failed
  };
  What what = What::started;
  std::string source{};      ///< path or URL of a document; "" of a source that could not be listed
  std::size_t total = 0;     ///< started: documents that are there
  std::uint64_t chunks = 0;  ///< added, changed
  std::string why{};         ///< failed; finished before its end
  const IngestReport* report = nullptr;  ///< finished: what came of it, during the call
};
std::string_view word(IngestEvent::What what);

struct IngestRequest {
  Origin origin = Origin::sources;
  std::vector<Source> sources;       ///< as list_sources() takes them
  std::vector<GivenDocument> given;  ///< only with Origin::added
  bool force = false;                ///< read, cut and embed also what has not changed
  /// Called on the loop; how often is theirs to bear. They must not wait and may be empty.
  std::function<void(const IngestProgress&)> on_progress;
  std::function<void(const Change&)> on_change;  ///< after each that was committed, in their order
  /// Each document once, between started and finished, which come once each if the ingest got so far.
  std::function<void(const IngestEvent&)> on_event;
};

/// What came of it.
struct IngestReport {
  std::size_t added = 0;
  std::size_t changed = 0;
  std::size_t unchanged = 0;
  std::size_t removed = 0;
  std::size_t failed = 0;    ///< also sources that are not there; the base has what it had of them
  std::uint64_t bytes = 0;   ///< read of files and pages
  std::uint64_t chunks = 0;  ///< stored
  models::Usage usage;       ///< of the embedder
  std::vector<std::string> warnings;
  std::size_t more_warnings = 0;  ///< that had no room
  double seconds = 0;

  /// Time of each stage, of all documents together: they overlap, so the sum may pass `seconds`.
  struct Stages {
    std::chrono::nanoseconds list{0}, fetch{0}, read{0}, chunk{0}, terms{0}, embed{0}, store{0};
  };
  Stages stages;
};

/// Makes a base hold what the sources hold: lists them, compares with what the base has, and reads, cuts,
/// embeds and stores what is new or changed, a few documents at once. Then, for Origin::sources, it takes
/// away what they have no more. With Origin::added nothing is taken away.
///
/// Each document is committed by itself. An ingest that is stopped, fails or is killed has lost nothing of
/// what was committed; run again, it does the rest. Of sources that have not changed only the listing is
/// done. A document that cannot be taken in is a warning, and the base keeps what it had of it. One whose
/// loader has become another is read again.
///
/// One at a time for a base; several bases at once are fine. Loop thread. Errors: cancelled, store, conflict
/// (another embedding was put into the base meanwhile; the embedder's dimensions have changed), that of the
/// embedder or of the reader when it fails kOutagesInRow documents in a row, invalid (documents are given
/// with Origin::sources).
Task<Result<IngestReport>> ingest(IngestServices services, IngestTarget target, IngestRequest request,
                                  Stop& stop);

}  // namespace troupe::memory
