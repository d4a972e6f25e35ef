#pragma once

#include <chrono>
#include <cstddef>

/// Bounds of taking documents in that no setting moves. Sizes are bytes.
namespace troupe::limits {

inline constexpr std::size_t kPatternBytes = 4'096;
inline constexpr std::size_t kPatternParts = 63;            // names of a pattern between its slashes
inline constexpr std::size_t kPatternAlternatives = 64;     // that {a,b} make of one pattern
inline constexpr std::size_t kListedEntries = 2'000'000;    // names looked at in one listing
inline constexpr std::size_t kFolderDepth = 100;            // below a source
inline constexpr std::size_t kUnseen = 10'000;              // folders of one listing
inline constexpr std::size_t kListRemarks = 100;            // of one listing, problems as well
inline constexpr std::chrono::seconds kFreshFile{2};        // its time cannot tell a further change yet
inline constexpr std::size_t kReaderHeadBytes = 32u << 20;  // of an answer of the reader: places in its text
inline constexpr std::size_t kReaderTextBytes = 64u << 20;
inline constexpr std::size_t kPdfTextBytes = 64u << 20;  // what pdftotext may write of one file
inline constexpr std::size_t kPdfInfoBytes = 1u << 20;
inline constexpr std::size_t kValidatorBytes = 1'024;  // of an ETag or a Last-Modified that is kept
inline constexpr std::size_t kEmbeddedTexts = 256;     // given to an embedder at once
inline constexpr std::size_t kEmbeddedBytes = 1u << 20;
inline constexpr std::size_t kVectorBytes = 512u << 20;  // of one document
inline constexpr std::size_t kDocumentsAtOnce = 4;
inline constexpr std::size_t kOutagesInRow = 3;     // of an embedder or of the reader, then the ingest ends
inline constexpr std::size_t kRefusalsInRow = 25;   // by an embedder that answers
inline constexpr std::size_t kDocumentPage = 500;   // rows of documents read at once
inline constexpr std::size_t kSingleLookups = 100;  // documents asked for one by one rather than all
inline constexpr std::size_t kGivenNameBytes = 1'024;
inline constexpr std::size_t kIngestWarnings = 200;  // told; further ones are counted

}  // namespace troupe::limits
