#pragma once

#include "memory/knowledge/store/records.h"
#include "runtime/base/result.h"
#include "runtime/store/sqlite.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::memory {

/// The changes of a knowledge file: each is one transaction, so that a crash finds a document as it was or as
/// it is. Blocking; one thread a connection; another process may write between two of them. What could not be
/// committed left nothing. Errors: store.

/// The base of this key, made when there is none. A base that was made with another `embedding` loses its
/// vectors and chunks with this call, not its documents: their texts are still there to be cut and embedded
/// anew, and of `preparation` what stands before its ':' and with it, how they were read.
Result<BaseRow> claim_base(store::Database& database, const BaseKey& key, std::string_view embedding);

/// Puts a document in the place of the one of the same source. One that was added by hand stays so. Errors
/// too: conflict (the vectors have another number of dimensions than those of the base; `embedding` of the
/// base is another by now), not_found (the base is gone).
Result<Change> put_document(store::Database& database, const BaseRow& base, const NewDocument& document);

/// Notes that a document is what it was although its stamp or origin changed. One that was added by hand
/// stays so.
Result<> touch_document(store::Database& database, std::int64_t document, Origin origin,
                        std::string_view stamp);

/// Takes a document and its chunks away. Nothing when there is none of this source, or when it was not
/// `brought_by` (nothing: whoever brought it).
Result<std::optional<Change>> remove_document(store::Database& database, std::int64_t base,
                                              std::string_view source,
                                              std::optional<Origin> brought_by = std::nullopt);

/// Takes a base away with all that is in it. Nothing when there is none.
Result<bool> remove_base(store::Database& database, const BaseKey& key);

/// What one step of shrinking did.
struct Shrunk {
  std::uint64_t bytes = 0;  ///< given back to the disk, with the next checkpoint
  bool more = false;        ///< another step would give back more
};
/// Gives some of what deletions left free in the file back to the disk: some megabytes at most, and nothing
/// of less than kFreeBytes, which new documents fill soon. A file that was made without `auto_vacuum` stays
/// as large as it is.
inline constexpr std::uint64_t kFreeBytes = 1u << 20;
Result<Shrunk> shrink(store::Database& database);

}  // namespace troupe::memory
