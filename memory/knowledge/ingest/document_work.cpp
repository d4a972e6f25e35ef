#include "memory/knowledge/ingest/embed_chunks.h"
#include "memory/knowledge/ingest/ingestion.h"
#include "memory/knowledge/ingest/source_file.h"
#include "memory/knowledge/ingest/web_page.h"
#include "memory/knowledge/source_name.h"
#include "runtime/base/sha256.h"

#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

/// Adds the time from its making to its end.
class Timing {
 public:
  Timing(const Clock& clock, std::chrono::nanoseconds& sum) : clock_(clock), sum_(sum), begun_(clock.now()) {}
  ~Timing() { sum_ += clock_.now() - begun_; }
  Timing(const Timing&) = delete;

 private:
  const Clock& clock_;
  std::chrono::nanoseconds& sum_;
  const Instant begun_;
};

}  // namespace

Milliseconds Ingestion::read_time() const {
  return target_.limits.read_time;
}

Task<Result<>> Ingestion::take_in(IngestStep step) {
  using What = IngestStep::What;
  if (step.what == What::claim) co_return co_await keep(step, step.item.stamp);
  if (step.what == What::recut)
    if (auto document = co_await stored(step)) {
      DocumentVersion version{step.known->version.content, expected(step), step.item.stamp};
      co_return co_await store(step, std::move(version), std::move(*document));
    }
  co_return co_await take_bytes(std::move(step));
}

Task<Result<>> Ingestion::take_bytes(IngestStep step) {
  auto brought = co_await bring(step);
  if (!brought) co_return fail(std::move(brought.error()));
  report_.bytes += brought->bytes.size();
  if (brought->state == Brought::State::gone) {
    if (!step.known || step.origin != Origin::sources)
      co_return fail(ErrorCode::not_found, "its server says that there is no such page");
    warn(fmt::format("{} is not there any more, and was taken away.", shown_source(step.item.source)));
    co_return co_await remove(step.item.source);
  }
  auto loader = loader_of(step, *brought);
  if (!loader) co_return fail(std::move(loader.error()));
  const std::string preparation = brought->version.preparation;
  const bool same =
      step.known && !request_.force &&
      (brought->state == Brought::State::same || step.known->version.content == brought->version.content);
  if (same && step.known->version.preparation == preparation)
    co_return co_await keep(step, std::move(brought->version.stamp));
  if (same && same_reading(step.known->version.preparation, preparation))
    if (auto document = co_await stored(step)) {
      DocumentVersion version{step.known->version.content, preparation, std::move(brought->version.stamp)};
      co_return co_await store(step, std::move(version), std::move(*document));
    }
  if (brought->state == Brought::State::same)
    co_return fail(ErrorCode::store,
                   "its stored text cannot be read and its page was not sent again; take it in with force");
  co_return co_await read(step, std::move(*brought), *loader);
}

std::string Ingestion::expected(const IngestStep& step) const {
  return expected_preparation(preparation_, step.item, step.known ? step.known->version.preparation : "",
                              target_.loaders.get());
}

// Who reads it, which its preparation says from here on.
Result<ExternalLoader*> Ingestion::loader_of(const IngestStep& step, Brought& brought) const {
  if (brought.state != Brought::State::bytes) {
    brought.version.preparation = expected(step);
    return nullptr;
  }
  if (!target_.loaders) {
    if (step.item.loader.empty()) return nullptr;
    return fail(ErrorCode::not_found,
                fmt::format("there is no loader `{}`, for no plugin has any", step.item.loader));
  }
  // The bytes are lent, not copied.
  ReadRequest request{std::move(brought.bytes), step.item.source, brought.content_type};
  auto loader = target_.loaders->choose(step.item.loader, request);
  brought.bytes = std::move(request.bytes);
  if (loader) brought.version.preparation = with_loader(preparation_, *loader);
  return loader;
}

Task<Result<Ingestion::Brought>> Ingestion::bring(const IngestStep& step) {
  const Timing timing(services_.loop.clock(), report_.stages.fetch);
  if (auto given = given_.extract(step.item.source))
    co_return co_await bring_given(std::move(given.mapped()));
  if (step.item.is_url) co_return co_await bring_page(step);
  co_return co_await bring_file(step);
}

Task<Result<Ingestion::Brought>> Ingestion::bring_file(const IngestStep& step) {
  auto open = [path = step.item.source, root = step.item.root, most = target_.limits.file] {
    return read_source_file(path, root, most);
  };
  auto file = co_await offload(services_.loop, services_.workers, std::move(open));
  if (!file) co_return fail(std::move(file.error()));
  Brought brought{.bytes = std::move(file->bytes)};
  brought.version = {std::move(file->content), preparation_, std::move(file->stamp)};
  co_return brought;
}

Task<Result<Ingestion::Brought>> Ingestion::bring_page(const IngestStep& step) {
  if (!services_.http) co_return fail(ErrorCode::unavailable, "pages are not fetched here");
  const bool useful =
      step.known && !request_.force && same_reading(step.known->version.preparation, expected(step));
  std::string stamp = useful ? step.known->version.stamp : "";
  auto page = co_await fetch_page(*services_.http, step.item.source, std::move(stamp), target_.limits.file,
                                  Deadline::after(services_.loop.clock(), read_time()), ending_);
  if (!page) co_return fail(std::move(page.error()));
  Brought brought;
  brought.state = page->state == WebPage::State::unchanged ? Brought::State::same
                  : page->state == WebPage::State::gone    ? Brought::State::gone
                                                           : Brought::State::bytes;
  brought.content_type = std::move(page->content_type);
  brought.version = {"", preparation_, std::move(page->stamp)};
  if (brought.state != Brought::State::bytes) co_return brought;
  co_await hash(brought, std::move(page->bytes));
  co_return brought;
}

Task<Result<Ingestion::Brought>> Ingestion::bring_given(GivenDocument given) {
  if (given.bytes.size() > target_.limits.file)
    co_return fail(ErrorCode::too_large,
                   fmt::format("it has {} bytes; at most {} are taken in (`limits.file`)", given.bytes.size(),
                               target_.limits.file));
  Brought brought{.content_type = std::move(given.content_type)};
  brought.version.preparation = preparation_;
  co_await hash(brought, std::move(given.bytes));
  co_return brought;
}

Task<> Ingestion::hash(Brought& brought, std::string bytes) {
  auto digest = [bytes = std::move(bytes)]() mutable {
    std::string content = sha256_hex(bytes);
    return std::pair(std::move(bytes), std::move(content));
  };
  std::tie(brought.bytes, brought.version.content) =
      co_await offload(services_.loop, services_.workers, std::move(digest));
}

Task<Result<>> Ingestion::keep(const IngestStep& step, std::string stamp) {
  ++report_.unchanged;
  if (step.known->version.stamp != stamp || step.known->origin != step.origin) {
    const Timing timing(services_.loop.clock(), report_.stages.store);
    auto done = co_await services_.store.touch_document(step.known->id, step.origin, std::move(stamp));
    if (!done) {
      end(done.error());
      co_return done;
    }
  }
  publish({.what = IngestEvent::What::unchanged, .source = step.item.source});
  co_return Result<>();
}

Task<std::optional<Document>> Ingestion::stored(const IngestStep& step) {
  auto document = co_await services_.store.document_text(step.known->id);
  if (!document) co_return std::nullopt;
  co_return std::move(*document);
}

// What it answers comes from outside, and takes time to look through.
Task<Result<Document>> Ingestion::make_document(ExternalLoader* loader, ReadRequest request) {
  if (!loader) co_return co_await services_.reader.read(std::move(request), read_time(), ending_);
  CallContext context = embedding();
  auto answer = co_await loader->load(std::move(request), read_time(), context);
  if (!answer) co_return fail(std::move(answer.error()));
  auto work = [answer = std::move(*answer), format = loader->format()] {
    return loaders::read_external(answer, format);
  };
  auto document = co_await offload(services_.loop, services_.workers, std::move(work));
  if (!document) co_return within(fmt::format("loader {}", loader->name()), std::move(document.error()));
  co_return document;
}

Task<Result<>> Ingestion::read(const IngestStep& step, Brought brought, ExternalLoader* loader) {
  const Instant begun = services_.loop.clock().now();
  ReadRequest request{std::move(brought.bytes), step.item.source, std::move(brought.content_type)};
  auto document = co_await make_document(loader, std::move(request));
  report_.stages.read += services_.loop.clock().now() - begun;
  if (!document) {
    // A loader that is down concerns its documents; the reader reads all others.
    if (!loader && !ending_.requested() && outages_.reading_failed(document.error())) end(document.error());
    co_return fail(std::move(document.error()));
  }
  if (!loader) outages_.read();
  co_return co_await store(step, std::move(brought.version), std::move(*document));
}

CallContext Ingestion::embedding() {
  return {.loop = services_.loop,
          .stop = ending_,
          .deadline = {},
          .events = services_.events,
          .principal = target_.principal};
}

Task<Result<models::Vectors>> Ingestion::embed(const CutDocument& cut) {
  if (!services_.embedder || cut.chunks.empty()) co_return models::Vectors();
  const Timing timing(services_.loop.clock(), report_.stages.embed);
  CallContext context = embedding();
  auto vectors = co_await embed_chunks(*services_.embedder, cut, context);
  if (vectors) {
    outages_.embedded();
    report_.usage.input_tokens += vectors->usage.input_tokens;
    report_.usage.output_tokens += vectors->usage.output_tokens;
    report_.usage.estimated = report_.usage.estimated || vectors->usage.estimated;
  } else if (!ending_.requested() && outages_.embedding_failed(vectors.error())) {
    end(vectors.error());
  }
  co_return vectors;
}

Task<Result<>> Ingestion::store(const IngestStep& step, DocumentVersion version, Document document) {
  auto work = [document = std::move(document), settings = target_.chunk,
               encoding = target_.encoding]() mutable {
    return cut_document(std::move(document), settings, encoding);
  };
  auto cut = co_await offload(services_.loop, services_.workers, std::move(work));
  if (!cut) co_return fail(std::move(cut.error()));
  report_.stages.chunk += cut->chunk_time;
  report_.stages.terms += cut->terms_time;
  if (cut->chunks.empty())
    warn(fmt::format("{} holds no text that could be read.", shown_source(step.item.source)));
  auto vectors = co_await embed(*cut);
  if (!vectors) co_return fail(std::move(vectors.error()));
  if (ending_.requested()) co_return fail(stopped("ingest", ending_.reason()));

  const Timing timing(services_.loop.clock(), report_.stages.store);
  const std::size_t chunks = cut->chunks.size();
  NewDocument fresh{.source = step.item.source,
                    .origin = step.origin,
                    .version = std::move(version),
                    .document = std::move(cut->document),
                    .chunks = std::move(cut->chunks),
                    .vectors = std::move(vectors->values),
                    .dimensions = vectors->dimensions,
                    .at_ms = services_.loop.clock().wall_ms()};
  auto change = co_await services_.store.put_document(base_, std::move(fresh));
  if (!change) {
    end(change.error());
    co_return fail(std::move(change.error()));
  }
  ++(step.known ? report_.changed : report_.added);
  report_.chunks += chunks;
  if (request_.on_change) request_.on_change(*change);
  publish({.what = step.known ? IngestEvent::What::changed : IngestEvent::What::added,
           .source = step.item.source,
           .chunks = chunks});
  co_return Result<>();
}

// Only what the sources brought: somebody may have added it by hand since it was looked at.
Task<Result<>> Ingestion::remove(std::string source) {
  const Timing timing(services_.loop.clock(), report_.stages.store);
  auto change = co_await services_.store.remove_document(base_.id, source, Origin::sources);
  if (!change) {
    end(change.error());
    co_return fail(std::move(change.error()));
  }
  if (*change) {
    ++report_.removed;
    if (request_.on_change) request_.on_change(**change);
    publish({.what = IngestEvent::What::removed, .source = std::move(source)});
  }
  co_return Result<>();
}

}  // namespace troupe::memory
