#pragma once

#include "memory/knowledge/document.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::memory {

/// What the daemon and its document reader exchange: a length of 4 bytes, lowest first, so much JSON, and the
/// bytes or the text of the document as they are: sixteen megabytes of text are not written as JSON. Pure.
struct ReaderRequest {
  std::string source;
  std::string content_type;
  bool pdf_text = false;  ///< `bytes` are what pdftotext wrote
  std::string pdf_info;   ///< what pdfinfo wrote
  std::string_view bytes;
};

/// A frame of either kind is not longer.
inline constexpr std::size_t kReaderFrameBytes = 100u << 20;

std::string write_request(const ReaderRequest& request);
/// `bytes` point into the frame. Errors: protocol.
Result<ReaderRequest> read_request(std::string_view frame);

std::string write_answer(const Result<Document>& answer);
/// The document, or the error that was answered. What wrote this parsed hostile bytes, so nothing is
/// believed. Errors too: protocol (no such frame; places that do not fit the text; bounds of limits.h).
Result<Document> read_answer(std::string_view frame);

}  // namespace troupe::memory
