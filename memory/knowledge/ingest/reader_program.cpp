#include "memory/knowledge/ingest/reader_program.h"

#include "memory/knowledge/ingest/reader_frames.h"
#include "memory/knowledge/loaders/load.h"
#include "runtime/base/sanitized.h"
#include "runtime/sandbox/serve_frames.h"

#include <new>

namespace troupe::memory {

namespace {

Result<Document> load(const ReaderRequest& request) {
  loaders::LoadOptions options{.charset = loaders::charset_of_content_type(request.content_type),
                               .path = request.source,
                               .pdf_info = request.pdf_info};
  if (request.pdf_text) {
    options.charset = "utf-8";
    return loaders::load(request.bytes, loaders::Format::pdf, options);
  }
  auto format = loaders::format_of(request.bytes, {request.source, request.content_type});
  if (!format) return fail(std::move(format.error()));
  return loaders::load(request.bytes, *format, options);
}

std::string answer(std::string_view frame) {
  try {
    auto request = read_request(frame);
    return write_answer(request ? load(*request) : fail(std::move(request.error())));
  } catch (const std::bad_alloc&) {
    return write_answer(
        fail(ErrorCode::too_large, "reading it takes more memory than a reader has (`limits.memory`)"));
  }
}

}  // namespace

int serve_documents() {
  return sandbox::serve_frames(sandbox::kWorkerChannel, answer, kReaderFrameBytes);
}

sandbox::Program reader_program() {
  sandbox::Program program{"/proc/self/exe", {std::string(kReaderArgument)}, {}};
  if (kSanitized) program.environment.emplace_back("ASAN_OPTIONS=detect_leaks=0");
  return program;
}

sandbox::Confinement reader_confinement(std::size_t memory) {
  sandbox::Confinement confinement{.readable = sandbox::system_paths(),
                                   .address_space = kSanitized ? 0 : memory,
                                   // It lives long: each call has a deadline instead.
                                   .cpu_seconds = 0};
  if (kSanitized) confinement.readable.emplace_back("/proc");
  return confinement;
}

}  // namespace troupe::memory
