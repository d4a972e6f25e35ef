#pragma once

#include "memory/knowledge/ingest/ingest.h"
#include "memory/knowledge/loaders/load.h"
#include "models/embedders/builtin_embedder.h"
#include "runtime/base/ids.h"
#include "runtime/base/sha256.h"
#include "tests/fakes/run_loop.h"
#include "tests/memory/ingest/folder.h"
#include "tests/models/call.h"

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::memory::testing {

/// Reads in this very process, and counts.
class DirectReader final : public DocumentReader {
 public:
  Task<Result<Document>> read(ReadRequest request, Milliseconds, Stop& stop) override {
    sources.push_back(request.source);
    if (on_read) on_read(request.source);
    if (error) co_return fail(*error);
    if (stop.requested()) co_return fail(stopped("reading", stop.reason()));
    auto format = loaders::format_of(request.bytes, {request.source, request.content_type});
    if (!format) co_return fail(format.error());
    co_return loaders::load(request.bytes, *format, {.path = request.source});
  }

  std::vector<std::string> sources;
  std::optional<Error> error;
  std::function<void(const std::string&)> on_read;
};

/// The builtin embedder, that may be made to fail.
class FailingEmbedder final : public models::Embedder {
 public:
  FailingEmbedder(Loop& loop, Workers& workers) : loop_(loop), workers_(workers) {}

  Task<Result<models::Vectors>> embed(std::vector<std::string> texts, CallContext& context) override {
    ++calls;
    count += texts.size();
    if (on_call) on_call(calls);
    if (error && (!fails || fails(calls, texts))) co_return fail(*error);
    const models::EmbedderServices services{*none_, loop_, *no_numbers_, workers_};
    models::BuiltinEmbedder builtin({.name = "builtin"}, services);
    auto vectors = co_await builtin.embed(std::move(texts), context);
    if (vectors) vectors->usage.input_tokens = 5;
    co_return vectors;
  }
  const std::string& name() const override { return name_; }
  std::size_t dimensions() const override { return 0; }
  models::EmbedderLimits limits() const override { return {}; }

  std::size_t calls = 0;
  std::size_t count = 0;  ///< texts
  std::optional<Error> error;
  std::function<bool(std::size_t call, const std::vector<std::string>& texts)> fails;  ///< null: always
  std::function<void(std::size_t)> on_call;

 private:
  struct NoClient final : net::HttpClient {
    Task<Result<net::HttpResponse>> fetch(net::HttpRequest, Stop&) override {
      co_return fail(ErrorCode::internal, "nothing is fetched");
    }
    Task<Result<net::HttpHead>> stream(net::HttpRequest, net::BodySink&, Stop&) override {
      co_return fail(ErrorCode::internal, "nothing is fetched");
    }
  };

  std::string name_ = "builtin";
  Loop& loop_;
  Workers& workers_;
  std::unique_ptr<NoClient> none_ = std::make_unique<NoClient>();
  std::unique_ptr<Rng> no_numbers_ = std::make_unique<SystemRng>();
};

/// A folder of sources, a knowledge file, and what takes the one into the other.
struct IngestBench {
  IngestBench() {
    target.key = {"", "k"}, target.embedding = "builtin/512", target.chunk.size = 60,
    target.chunk.overlap = 0;
  }

  IngestRequest request() {
    return {.sources = sources.empty() ? std::vector<Source>{folder.path()} : sources};
  }

  Result<IngestReport> run(IngestRequest what) {
    what.on_change = [this](const Change& change) { changes.push_back(change); };
    if (!what.on_progress) what.on_progress = [this](const IngestProgress& p) { progress.push_back(p); };
    IngestServices services{loop, workers, *store, reader, with_embedder ? embedder : nullptr, http, events};
    return fakes::run(loop, ingest(services, target, std::move(what), *stop));
  }
  Result<IngestReport> run() { return run(request()); }

  IngestReport done(IngestRequest what) {
    auto report = run(std::move(what));
    if (!report) throw std::runtime_error(report.error().message);
    return *report;
  }
  IngestReport done() { return done(request()); }

  template <class T>
  T ask(Task<Result<T>> task) {
    auto answer = fakes::run(loop, std::move(task));
    if (!answer) throw std::runtime_error(answer.error().message);
    return std::move(*answer);
  }

  std::vector<DocumentRow> documents() {
    auto base = ask(store->read_base(target.key));
    return base ? ask(store->list_documents(base->id, "", 1'000)) : std::vector<DocumentRow>();
  }
  std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const auto& row : documents())
      all.push_back(row.source.starts_with(folder.path()) ? row.source.substr(folder.path().size() + 1)
                                                          : row.source);
    return all;
  }
  std::string text(const std::string& name) {
    for (const auto& row : documents())
      if (row.source == name || row.source == folder.path(name))
        return ask(store->document_text(row.id))->text;
    return "(none)";
  }
  /// Everything of the base that does not tell in which order, and when, it was taken in.
  std::map<std::string, std::string> content() {
    std::map<std::string, std::string> all;
    for (const auto& row : documents()) {
      std::string what = row.version.content + row.version.preparation + row.title + row.format;
      std::vector<std::int64_t> ids;
      for (const auto& chunk : ask(store->chunks_between(row.id, 0, 1'000'000))) {
        what += "\n[" + chunk.text + "|" + chunk.heading + "]";
        ids.push_back(chunk.id);
      }
      const auto vectors = ask(store->read_vectors(std::move(ids), dimensions()));
      what += sha256_hex({reinterpret_cast<const char*>(vectors.data()), vectors.size() * sizeof(float)});
      all[row.source.substr(row.source.rfind('/') + 1)] = what;
    }
    return all;
  }
  std::size_t dimensions() {
    auto base = ask(store->read_base(target.key));
    return base ? base->dimensions : 0;
  }
  void sound() {
    for (const auto& sentence : ask(store->check())) FAIL_CHECK(sentence);
  }

  Folder folder;
  std::vector<Source> sources;
  fakes::TempDir home;
  SystemClock clock;
  Loop loop{clock};
  Workers workers{2};
  std::unique_ptr<KnowledgeStore> store =
      make_sqlite_knowledge(loop, (home.path() / "knowledge.db").string());
  DirectReader reader;
  std::shared_ptr<FailingEmbedder> embedder = std::make_shared<FailingEmbedder>(loop, workers);
  bool with_embedder = true;
  net::HttpClient* http = nullptr;
  models::testing::RecordingEvents events;
  std::unique_ptr<Stop> stop = std::make_unique<Stop>();
  IngestTarget target;
  std::vector<Change> changes;
  std::vector<IngestProgress> progress;
};

}  // namespace troupe::memory::testing
