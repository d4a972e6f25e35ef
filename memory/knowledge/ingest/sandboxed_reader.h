#pragma once

#include "memory/knowledge/ingest/document_reader.h"
#include "memory/knowledge/ingest/pdf_programs.h"
#include "memory/knowledge/ingest/read_turns.h"
#include "memory/knowledge/ingest/reader_program.h"
#include "runtime/async/offload.h"
#include "runtime/sandbox/support.h"
#include "runtime/sandbox/worker_pool.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace troupe::memory {

struct ReaderSettings {
  sandbox::Support support;
  bool unconfined = false;          ///< read also where this machine cannot confine a program
  std::size_t readers = 2;          ///< documents read at once
  std::size_t memory = 512u << 20;  ///< of each
  std::chrono::seconds cpu{60};     ///< of pdftotext for one file; the others have the deadline of a read
  std::string path = "/usr/bin:/usr/local/bin:/bin";  ///< where programs are looked for
  sandbox::Program program = reader_program();
};

/// Reads documents in processes that can do nothing else: what a file makes its parser do ends there. PDFs
/// are read by poppler's programs first, each in a process of its own. Loop thread only.
class SandboxedReader final : public DocumentReader {
 public:
  /// No process is started before the first document. `loop` and `workers` outlive it. Errors: unavailable
  /// (this machine cannot confine programs and `unconfined` is not set; the program cannot be used), invalid.
  static Result<std::unique_ptr<SandboxedReader>> make(Loop& loop, Workers& workers, ReaderSettings settings);

  Task<Result<Document>> read(ReadRequest request, Milliseconds time, Stop& stop) override;
  /// Ends the processes. To be awaited before it is destroyed, when it has read.
  Task<> close();

 private:
  SandboxedReader(Loop& loop, Workers& workers, sandbox::Cage cage, const ReaderSettings& settings);

  Error failure(Error error);

  Loop& loop_;
  Workers& workers_;
  sandbox::WorkerPool pool_;
  ReadTurns turns_;
  PdfPrograms pdf_;
  std::size_t crashes_ = 0;  // of readers, since the last answer
};

}  // namespace troupe::memory
