#pragma once

#include "memory/knowledge/ingest/ingest.h"

#include <cstddef>
#include <string>
#include <vector>

namespace troupe::memory {

/// What an ingest would do, by source. Whether a document can be read is found out when it is.
struct IngestPreview {
  std::vector<std::string> added;
  std::vector<std::string> changed;  ///< also those that are cut or embedded anew
  std::vector<std::string> removed;
  std::vector<std::string> asked;  ///< pages that the base has: only their server knows whether they changed
  std::size_t unchanged = 0;
  std::size_t failed = 0;             ///< sources that are not there or cannot be opened
  std::vector<std::string> warnings;  ///< kIngestWarnings at most
  std::size_t more_warnings = 0;
};

/// What a preview works with. All outlive it.
struct PreviewServices {
  Loop& loop;
  Workers& workers;
  KnowledgeStore& store;
};

/// Lists and compares as ingest() does, and writes nothing: no base is made, no embedder and no server is
/// asked. Files whose size or time is another are read for their checksum. Loop thread only. Errors:
/// cancelled, store, invalid (documents are given with Origin::sources).
Task<Result<IngestPreview>> preview_ingest(PreviewServices services, IngestTarget target,
                                           IngestRequest request, Stop& stop);

}  // namespace troupe::memory
