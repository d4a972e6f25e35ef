#include "memory/knowledge/ingest/sandboxed_reader.h"

#include "memory/knowledge/ingest/reader_frames.h"
#include "memory/knowledge/loaders/magic.h"
#include "runtime/base/context.h"

#include <utility>

namespace troupe::memory {

namespace {

constexpr std::size_t kCrashesInRow = 10;  // of readers: no longer a document's fault

}  // namespace

Result<std::unique_ptr<SandboxedReader>> SandboxedReader::make(Loop& loop, Workers& workers,
                                                               ReaderSettings settings) {
  if (sandbox::level(settings.support) == sandbox::Level::none && !settings.unconfined)
    return fail(ErrorCode::unavailable,
                "documents are not read: what reads them could not be confined on this machine (" +
                    sandbox::describe(settings.support) + ")");
  auto cage =
      sandbox::Cage::make(settings.support, reader_confinement(settings.memory), std::move(settings.program));
  if (!cage) return within("the document reader", std::move(cage.error()));
  return std::unique_ptr<SandboxedReader>(new SandboxedReader(loop, workers, std::move(*cage), settings));
}

SandboxedReader::SandboxedReader(Loop& loop, Workers& workers, sandbox::Cage cage,
                                 const ReaderSettings& settings)
    : loop_(loop),
      workers_(workers),
      pool_(loop, std::move(cage), {.workers = settings.readers, .frame_bytes = kReaderFrameBytes}),
      turns_(loop, settings.readers),
      pdf_(loop, settings.support, {settings.memory, settings.cpu}, settings.path) {}

Task<Result<Document>> SandboxedReader::read(ReadRequest request, Milliseconds time, Stop& stop) {
  const auto turn = co_await turns_.take(stop);
  if (!turn) co_return fail(stopped("the document reader", stop.reason()));
  const Deadline deadline = Deadline::after(loop_.clock(), time);
  ReaderRequest to_reader{.source = std::move(request.source),
                          .content_type = std::move(request.content_type)};
  if (loaders::binary_kind(request.bytes) == loaders::kPdfKind) {
    auto pdf = co_await pdf_.read(std::move(request.bytes), deadline, stop);
    if (!pdf) co_return fail(std::move(pdf.error()));
    request.bytes = std::move(pdf->text);
    to_reader.pdf_text = true;
    to_reader.pdf_info = std::move(pdf->info);
  }
  to_reader.bytes = request.bytes;
  std::string frame = write_request(to_reader);
  request.bytes = std::string();
  auto answer = co_await pool_.call(std::move(frame), stop, deadline);
  if (!answer) co_return fail(failure(std::move(answer.error())));
  crashes_ = 0;
  auto decode = [answer = std::move(*answer)] { return read_answer(answer); };
  co_return co_await offload(loop_, workers_, std::move(decode));
}

Error SandboxedReader::failure(Error error) {
  crashes_ += error.code == ErrorCode::tool ? 1 : 0;
  // No document is at fault when the reader cannot be started, or ends whatever it is given.
  if (error.code == ErrorCode::unavailable || crashes_ > kCrashesInRow) error.retryable = true;
  return within("the document reader", std::move(error)).error();
}

Task<> SandboxedReader::close() {
  co_await pool_.close();
}

}  // namespace troupe::memory
