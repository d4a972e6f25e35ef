#pragma once

#include "app/wiring.h"
#include "memory/evaluation/corpus.h"
#include "memory/knowledge/ingest/ingest.h"

#include <filesystem>
#include <functional>

namespace troupe::app {

/// A folder of its own, for a store that nobody needs afterwards. Gone, with all that is in it, when this is.
class ScratchFolder {
 public:
  ScratchFolder() = default;
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  /// Makes it. Errors: store.
  Result<std::filesystem::path> make();

 private:
  std::filesystem::path path_;
};

/// Takes a corpus into a base: each document under its id as its source, with its title and metadata, cut
/// and embedded as the base says. `corpus` outlives the call. Errors: as memory::ingest().
Task<Result<memory::IngestReport>> take_corpus(LibraryServices services, const memory::ConfiguredBase& base,
                                               const memory::Corpus& corpus,
                                               std::function<void(const memory::IngestProgress&)> on_progress,
                                               EventSink& events, Stop& stop);

}  // namespace troupe::app
