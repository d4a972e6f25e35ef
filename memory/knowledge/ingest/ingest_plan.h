#pragma once

#include "memory/knowledge/chunk.h"
#include "memory/knowledge/ingest/external_loader.h"
#include "memory/knowledge/ingest/source_list.h"
#include "memory/knowledge/store/records.h"
#include "models/tokens/encoding.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// How a document becomes chunks, as DocumentVersion::preparation says it: before a ':' how its bytes are
/// read, behind it how its text is cut and embedded.
std::string preparation_of(const ChunkSettings& chunk, std::optional<models::tokens::EncodingName> encoding,
                           std::string_view embedding);
/// The same of a document that a loader from outside reads; null: that none does.
std::string with_loader(std::string_view preparation, const ExternalLoader* loader);
/// The preparation that a document is to have of which the base says `known` and whose bytes have not been
/// looked at. Who reads it may only show in these; then it stays with who has read it before, if that one is
/// still there.
std::string expected_preparation(std::string_view preparation, const SourceItem& item, std::string_view known,
                                 const Loaders* loaders);
/// Whether the text that was read under one of them is what the other would read.
bool same_reading(std::string_view preparation, std::string_view other);

/// What the base knows of a document without its text.
struct KnownDocument {
  std::int64_t id = 0;
  std::string source;
  Origin origin = Origin::sources;
  DocumentVersion version;
};
using KnownDocuments = std::map<std::string, KnownDocument, std::less<>>;

/// One source that needs something done.
struct IngestStep {
  enum class What {
    read,   ///< its bytes are looked at, and read when they are others
    recut,  ///< its stamp is as it was; the text that the base has is cut and embedded anew
    claim,  ///< it is as it was, but from now on `origin` brings it
  };
  What what = What::read;
  SourceItem item;
  std::optional<KnownDocument> known;
  Origin origin = Origin::sources;  ///< what the document will have
};

struct IngestPlan {
  std::vector<IngestStep> steps;       ///< in the order of the sources
  std::vector<std::string> unchanged;  ///< sources of which nothing need be done
  std::vector<KnownDocument> removed;  ///< that no source has any more
};

struct PlanRules {
  std::string preparation;
  Origin origin = Origin::sources;  ///< who asks: only `sources` takes away, and only what it brought
  bool force = false;               ///< everything is read again
  std::shared_ptr<const Loaders> loaders{};  ///< null: there are none
};

/// What is to be done so that the base holds what is listed. Pure; any thread.
///
/// A page is always asked for: its server says whether it has changed. What was added by hand stays so when
/// the sources name it, too; what the sources brought becomes added when it is added by hand. A document is
/// removed when the sources brought it and it is not listed, unless that says nothing
/// (SourceList::is_unseen).
IngestPlan plan_ingest(SourceList list, KnownDocuments known, const PlanRules& rules);

}  // namespace troupe::memory
