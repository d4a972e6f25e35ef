#pragma once

#include "memory/knowledge/ingest/sandboxed_reader.h"
#include "runtime/async/loop.h"
#include "tests/fakes/run_loop.h"
#include "tests/runtime/sandbox/sandboxed.h"

#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe::memory::testing {

/// Builds a PDF of one page a text, whose lines are drawn in Helvetica; ASCII without brackets.
inline std::string pdf_of(const std::vector<std::string>& pages, const std::string& title = "") {
  std::string out = "%PDF-1.4\n";
  std::vector<std::size_t> at;
  const auto object = [&](const std::string& body) {
    at.push_back(out.size());
    out += std::to_string(at.size()) + " 0 obj\n" + body + "\nendobj\n";
  };
  std::string kids;
  for (std::size_t i = 0; i < pages.size(); ++i) kids += std::to_string(5 + 2 * i) + " 0 R ";
  object("<</Type/Catalog/Pages 2 0 R>>");
  object("<</Type/Pages/Count " + std::to_string(pages.size()) + "/Kids[" + kids + "]>>");
  object("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>");
  object("<</Title(" + title + ")>>");
  for (const std::string& page : pages) {
    const std::string stream = "BT /F1 12 Tf 72 720 Td (" + page + ") Tj ET";
    object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>/Contents " +
           std::to_string(at.size() + 2) + " 0 R>>");
    object("<</Length " + std::to_string(stream.size()) + ">>stream\n" + stream + "\nendstream");
  }
  const std::size_t table = out.size();
  out += "xref\n0 " + std::to_string(at.size() + 1) + "\n0000000000 65535 f \n";
  for (const std::size_t place : at) {
    const std::string digits = std::to_string(place);
    out += std::string(10 - digits.size(), '0') + digits + " 00000 n \n";
  }
  return out + "trailer<</Size " + std::to_string(at.size() + 1) + "/Root 1 0 R/Info 4 0 R>>\nstartxref\n" +
         std::to_string(table) + "\n%%EOF\n";
}

inline ReaderSettings reader_settings(sandbox::Support support = sandbox::machine()) {
  const char* path = std::getenv("TROUPE_DOCUMENT_READER");
#ifdef TROUPE_DOCUMENT_READER
  if (!path) path = TROUPE_DOCUMENT_READER;
#endif
  if (!path) throw std::runtime_error("TROUPE_DOCUMENT_READER does not name the reader's program");
  ReaderSettings settings{.support = std::move(support)};
  settings.program.path = sandbox::copied(path);
  return settings;
}

/// A reader with real processes.
struct ReaderBench {
  explicit ReaderBench(ReaderSettings settings = reader_settings()) {
    auto made = SandboxedReader::make(loop, workers, std::move(settings));
    if (!made) throw std::runtime_error(made.error().message);
    reader = std::move(*made);
  }
  ~ReaderBench() { fakes::run(loop, reader->close()); }

  Result<Document> read(std::string bytes, std::string source, std::string content_type = "",
                        Milliseconds time = Milliseconds(50'000)) {
    ReadRequest request{std::move(bytes), std::move(source), std::move(content_type)};
    return fakes::run(loop, reader->read(std::move(request), time, stop));
  }

  SystemClock clock;
  Loop loop{clock};
  Workers workers{1};
  Stop stop;
  std::unique_ptr<SandboxedReader> reader;
};

}  // namespace troupe::memory::testing
