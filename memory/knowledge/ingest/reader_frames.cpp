#include "memory/knowledge/ingest/reader_frames.h"

#include "memory/knowledge/ingest/limits.h"
#include "memory/knowledge/store/layout.h"
#include "runtime/base/json.h"
#include "runtime/sandbox/frame.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::size_t kMessageBytes = 2'000;  // of an error that is passed on

/// What a reader may say was wrong with a document.
constexpr std::array kReaderErrors = {ErrorCode::invalid, ErrorCode::too_large, ErrorCode::internal};

std::string join(const Json& head, std::string_view rest) {
  const std::string text = dump(head);
  const auto length = sandbox::frame_head(text.size());
  std::string frame;
  frame.reserve(length.size() + text.size() + rest.size());
  frame.append(length.data(), length.size()).append(text).append(rest);
  return frame;
}

struct Parts {
  Json head;
  std::string_view rest;
};

Result<Parts> split(std::string_view frame) {
  sandbox::FrameHead length{};
  if (frame.size() < length.size()) return fail(ErrorCode::protocol, "a frame without a head");
  std::ranges::copy(frame.substr(0, length.size()), length.begin());
  frame.remove_prefix(length.size());
  const std::size_t bytes = sandbox::payload_of(length);
  if (bytes > frame.size()) return fail(ErrorCode::protocol, "a frame that ends within its head");
  auto head = parse_json(frame.substr(0, bytes), limits::kJsonDepth, limits::kReaderHeadBytes);
  if (!head) return fail(ErrorCode::protocol, "a frame whose head is no JSON: " + head.error().message);
  return Parts{std::move(*head), frame.substr(bytes)};
}

Error error_of(const Json& said) {
  const std::string name = string_or(said, "code");
  const auto* code = std::ranges::find_if(kReaderErrors, [&](ErrorCode one) { return word(one) == name; });
  return {code == kReaderErrors.end() ? ErrorCode::internal : *code,
          string_or(said, "message", "no reason was given").substr(0, kMessageBytes)};
}

}  // namespace

std::string write_request(const ReaderRequest& request) {
  Json head = {{"source", request.source}};
  if (!request.content_type.empty()) head["type"] = request.content_type;
  if (request.pdf_text) head["pdf_info"] = request.pdf_info;
  return join(head, request.bytes);
}

Result<ReaderRequest> read_request(std::string_view frame) {
  auto parts = split(frame);
  if (!parts) return fail(std::move(parts.error()));
  return ReaderRequest{.source = string_or(parts->head, "source"),
                       .content_type = string_or(parts->head, "type"),
                       .pdf_text = find(parts->head, "pdf_info") != nullptr,
                       .pdf_info = string_or(parts->head, "pdf_info"),
                       .bytes = parts->rest};
}

std::string write_answer(const Result<Document>& answer) {
  if (!answer)
    return join({{"error", {{"code", word(answer.error().code)}, {"message", answer.error().message}}}}, "");
  Json head = layout_of(*answer);
  head["metadata"] = answer->metadata;
  head["remarks"] = answer->remarks;
  return join(head, answer->text);
}

Result<Document> read_answer(std::string_view frame) {
  auto parts = split(frame);
  if (!parts) return fail(std::move(parts.error()));
  if (const Json* error = find(parts->head, "error")) return fail(error_of(*error));
  if (parts->rest.size() > limits::kReaderTextBytes)
    return fail(ErrorCode::protocol, fmt::format("a text of {} bytes", parts->rest.size()));
  return document_from(parts->head, parts->rest);
}

}  // namespace troupe::memory
