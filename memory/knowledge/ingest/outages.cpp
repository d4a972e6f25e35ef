#include "memory/knowledge/ingest/outages.h"

#include "memory/knowledge/ingest/limits.h"

namespace troupe::memory {

namespace {

/// It says nothing of the document: nobody answered, or whoever asks is not let in.
bool is_outage(const Error& error) {
  switch (error.code) {
    case ErrorCode::network:
    case ErrorCode::timeout:
    case ErrorCode::busy:
    case ErrorCode::unavailable:
    case ErrorCode::denied:
      return true;
    default:
      return error.retryable || error.status == 401 || error.status == 403 || error.status == 404;
  }
}

}  // namespace

bool Outages::embedding_failed(const Error& error) {
  return is_outage(error) ? ++embed_outages_ >= limits::kOutagesInRow
                          : ++embed_refusals_ >= limits::kRefusalsInRow;
}

bool Outages::reading_failed(const Error& error) {
  if (!error.retryable) {
    read_outages_ = 0;
    return false;
  }
  return ++read_outages_ >= limits::kOutagesInRow;
}

}  // namespace troupe::memory
