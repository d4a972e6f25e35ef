#include "memory/knowledge/store/writes.h"

#include "memory/knowledge/store/layout.h"
#include "memory/knowledge/store/queries.h"
#include "memory/knowledge/store/schema.h"
#include "runtime/store/rows.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

using store::all_rows;
using store::Blob;
using store::change;
using store::Database;
using store::first_integer;
using store::one_row;

// Of 4096 bytes each; 4 MiB are moved in some 20 ms, for which other writes wait.
constexpr const char* kShrink = "PRAGMA incremental_vacuum(1024)";

// Runs `body` in a transaction: committed when it succeeds, undone otherwise.
template <class Body>
auto transact(Database& database, Body body) -> std::invoke_result_t<Body> {
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return fail(std::move(begun.error()));
  auto result = body();
  if (result) {
    if (auto done = database.execute("COMMIT"); done)
      return result;
    else
      result = fail(std::move(done.error()));
  }
  database.rollback();
  return result;
}

Result<> make_terms(Database& database, std::int64_t base) {
  // The column holds the terms that keyword_terms() wrote, which unicode61 takes as they are.
  return database.execute(fmt::format("CREATE VIRTUAL TABLE {} USING fts5(terms, tokenize = \"unicode61 "
                                      "remove_diacritics 0\")",
                                      terms_table(base))
                              .c_str());
}

Result<BaseRow> make_base(Database& database, const BaseKey& key, std::string_view embedding) {
  auto made = change(
      database, "INSERT INTO bases (tenant, name, embedding, dimensions, generation) VALUES (?, ?, ?, 0, 0)",
      key.tenant, key.name, embedding);
  if (!made) return fail(std::move(made.error()));
  BaseRow base{.id = database.last_row(), .key = key, .embedding = std::string(embedding)};
  if (auto terms = make_terms(database, base.id); !terms) return fail(std::move(terms.error()));
  return base;
}

Result<> forget_chunks(Database& database, BaseRow& base, std::string_view embedding) {
  for (const char* sql :
       {"DELETE FROM chunks WHERE base = ?",
        "UPDATE documents SET preparation = substr(preparation, 1, instr(preparation, ':')), chunks = 0"
        " WHERE base = ?"})
    if (auto done = change(database, sql, base.id); !done) return done;
  if (auto done = change(database, fmt::format("DELETE FROM {}", terms_table(base.id))); !done) return done;
  base.embedding = std::string(embedding);
  base.dimensions = 0;
  ++base.generation;
  return change(database, "UPDATE bases SET embedding = ?, dimensions = 0, generation = ? WHERE id = ?",
                embedding, base.generation, base.id);
}

Result<> check_base(Database& database, const BaseRow& base, const NewDocument& document) {
  auto now = find_base(database, base.key);
  if (!now) return fail(std::move(now.error()));
  if (!*now || (*now)->id != base.id)
    return fail(ErrorCode::not_found, fmt::format("knowledge `{}` was removed meanwhile", base.key.name));
  if ((*now)->embedding != base.embedding)
    return fail(ErrorCode::conflict,
                fmt::format("knowledge `{}` is made with another embedding by now ({}, not {})",
                            base.key.name, (*now)->embedding, base.embedding));
  if ((*now)->dimensions != 0 && !document.chunks.empty() && (*now)->dimensions != document.dimensions)
    return fail(ErrorCode::conflict,
                fmt::format("knowledge `{}` holds vectors of {} numbers, those of {} have {}; the embedder's "
                            "model has changed under its name",
                            base.key.name, (*now)->dimensions, document.source, document.dimensions));
  return {};
}

// Takes the chunks of a document away and names them.
Result<std::vector<std::int64_t>> take_chunks(Database& database, std::int64_t base, std::int64_t document) {
  auto ids = all_rows<std::int64_t>(database, "SELECT id FROM chunks WHERE document = ? ORDER BY ordinal",
                                    first_integer, document);
  if (!ids || ids->empty()) return ids;
  auto terms = database.prepare(fmt::format("DELETE FROM {} WHERE rowid = ?", terms_table(base)));
  if (!terms) return fail(std::move(terms.error()));
  for (std::int64_t id : *ids)
    if (auto done = terms->bind(id).run(); !done) return fail(std::move(done.error()));
  if (auto done = change(database, "DELETE FROM chunks WHERE document = ?", document); !done)
    return fail(std::move(done.error()));
  return ids;
}

/// The document that has a source now.
struct Holder {
  std::int64_t id = 0;
  Origin origin = Origin::sources;
};

Result<std::optional<Holder>> holder_of(Database& database, std::int64_t base, std::string_view source) {
  auto make = [](const store::Statement& row) {
    return Holder{row.integer(0), row.text(1) == word(Origin::added) ? Origin::added : Origin::sources};
  };
  return one_row<Holder>(database, "SELECT id, origin FROM documents WHERE base = ? AND source = ?", +make,
                         base, source);
}

Result<std::int64_t> insert_document(Database& database, const BaseRow& base, const NewDocument& fresh,
                                     Origin origin) {
  const Document& document = fresh.document;
  auto done =
      change(database,
             "INSERT INTO documents (base, source, origin, content, preparation, stamp, title, format,"
             " layout, metadata, remarks, at_ms, text_bytes, chunks, text)"
             " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
             base.id, fresh.source, word(origin), fresh.version.content, fresh.version.preparation,
             fresh.version.stamp, document.title, document.format, dump(layout_of(document)),
             dump(document.metadata), dump(Json(document.remarks)), fresh.at_ms, document.text.size(),
             fresh.chunks.size(), document.text);
  if (!done) return fail(std::move(done.error()));
  return database.last_row();
}

Result<std::vector<std::int64_t>> insert_chunks(Database& database, const BaseRow& base,
                                                std::int64_t document, const NewDocument& fresh) {
  auto insert = database.statement(
      "INSERT INTO chunks (base, document, ordinal, first, last, page, heading, text, vector)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!insert) return fail(std::move(insert.error()));
  auto terms =
      database.prepare(fmt::format("INSERT INTO {} (rowid, terms) VALUES (?, ?)", terms_table(base.id)));
  if (!terms) return fail(std::move(terms.error()));
  const std::string_view text = fresh.document.text;
  const auto* vectors = reinterpret_cast<const char*>(fresh.vectors.data());
  const std::size_t row_bytes = fresh.dimensions * sizeof(float);
  std::vector<std::int64_t> ids;
  ids.reserve(fresh.chunks.size());
  for (std::size_t i = 0; i < fresh.chunks.size(); ++i) {
    const Chunk& place = fresh.chunks[i].place;
    const Blob vector{{vectors + i * row_bytes, row_bytes}};
    auto done = (*insert)
                    ->bind(base.id, document, i, place.begin, place.end, place.page, place.heading,
                           text.substr(place.begin, place.end - place.begin), vector)
                    .run();
    if (!done) return fail(std::move(done.error()));
    ids.push_back(database.last_row());
    if (auto put = terms->bind(ids.back(), fresh.chunks[i].terms).run(); !put)
      return fail(std::move(put.error()));
  }
  return ids;
}

Result<std::int64_t> count_change(Database& database, std::int64_t base, std::size_t dimensions) {
  auto generation = one_row<std::int64_t>(
      database,
      "UPDATE bases SET generation = generation + 1,"
      " dimensions = CASE dimensions WHEN 0 THEN ? ELSE dimensions END WHERE id = ? RETURNING generation",
      first_integer, dimensions, base);
  if (!generation) return fail(std::move(generation.error()));
  return generation->value_or(0);
}

Result<> check_shape(const NewDocument& document) {
  if (document.vectors.size() == document.chunks.size() * document.dimensions) {
    const std::size_t size = document.document.text.size();
    bool inside = true;
    for (const NewChunk& chunk : document.chunks)
      inside = inside && chunk.place.begin <= chunk.place.end && chunk.place.end <= size;
    if (inside) return {};
  }
  return fail(ErrorCode::internal,
              fmt::format("{}: its chunks, vectors and text do not belong together", document.source));
}

}  // namespace

std::string_view word(Origin origin) {
  return origin == Origin::added ? "added" : "sources";
}

Result<BaseRow> claim_base(Database& database, const BaseKey& key, std::string_view embedding) {
  // Mostly there is nothing to change, and so nobody to wait for.
  auto known = find_base(database, key);
  if (!known) return fail(std::move(known.error()));
  if (*known && (*known)->embedding == embedding) return std::move(**known);
  return transact(database, [&]() -> Result<BaseRow> {
    auto base = find_base(database, key);
    if (!base) return fail(std::move(base.error()));
    if (!*base) return make_base(database, key, embedding);
    if ((*base)->embedding != embedding)
      if (auto done = forget_chunks(database, **base, embedding); !done) return fail(std::move(done.error()));
    return std::move(**base);
  });
}

Result<Change> put_document(Database& database, const BaseRow& base, const NewDocument& document) {
  if (auto shape = check_shape(document); !shape) return fail(std::move(shape.error()));
  return transact(database, [&]() -> Result<Change> {
    if (auto good = check_base(database, base, document); !good) return fail(std::move(good.error()));
    Change change;
    auto before = holder_of(database, base.id, document.source);
    if (!before) return fail(std::move(before.error()));
    Origin origin = document.origin;
    if (*before) {
      if ((*before)->origin == Origin::added) origin = Origin::added;
      auto removed = take_chunks(database, base.id, (*before)->id);
      if (!removed) return fail(std::move(removed.error()));
      change.removed = std::move(*removed);
      if (auto done = store::change(database, "DELETE FROM documents WHERE id = ?", (*before)->id); !done)
        return fail(std::move(done.error()));
    }
    auto id = insert_document(database, base, document, origin);
    if (!id) return fail(std::move(id.error()));
    change.document = *id;
    auto added = insert_chunks(database, base, *id, document);
    if (!added) return fail(std::move(added.error()));
    change.added = std::move(*added);
    auto generation = count_change(database, base.id, document.chunks.empty() ? 0 : document.dimensions);
    if (!generation) return fail(std::move(generation.error()));
    change.generation = *generation;
    return change;
  });
}

Result<> touch_document(Database& database, std::int64_t document, Origin origin, std::string_view stamp) {
  return change(database,
                "UPDATE documents SET origin = CASE origin WHEN 'added' THEN origin ELSE ? END, stamp = ?"
                " WHERE id = ?",
                word(origin), stamp, document);
}

Result<std::optional<Change>> remove_document(Database& database, std::int64_t base, std::string_view source,
                                              std::optional<Origin> brought_by) {
  return transact(database, [&]() -> Result<std::optional<Change>> {
    auto there = holder_of(database, base, source);
    if (!there) return fail(std::move(there.error()));
    if (!*there || (*there)->origin != brought_by.value_or((*there)->origin)) return std::optional<Change>();
    const std::int64_t id = (*there)->id;
    Change change;
    auto removed = take_chunks(database, base, id);
    if (!removed) return fail(std::move(removed.error()));
    change.removed = std::move(*removed);
    if (auto done = store::change(database, "DELETE FROM documents WHERE id = ?", id); !done)
      return fail(std::move(done.error()));
    auto generation = count_change(database, base, 0);
    if (!generation) return fail(std::move(generation.error()));
    change.generation = *generation;
    return std::optional(std::move(change));
  });
}

Result<bool> remove_base(Database& database, const BaseKey& key) {
  return transact(database, [&]() -> Result<bool> {
    auto base = find_base(database, key);
    if (!base) return fail(std::move(base.error()));
    if (!*base) return false;
    if (auto done = change(database, fmt::format("DROP TABLE {}", terms_table((*base)->id))); !done)
      return fail(std::move(done.error()));
    // Rows go with their base: both tables refer to it.
    if (auto done = change(database, "DELETE FROM bases WHERE id = ?", (*base)->id); !done)
      return fail(std::move(done.error()));
    return true;
  });
}

Result<Shrunk> shrink(Database& database) {
  auto number = [&](const char* pragma) -> Result<std::uint64_t> {
    auto value = database.integer(pragma);
    if (!value) return fail(std::move(value.error()));
    return static_cast<std::uint64_t>(value->value_or(0));
  };
  auto page = number("PRAGMA page_size");
  if (!page) return fail(std::move(page.error()));
  auto before = number("PRAGMA freelist_count");
  if (!before) return fail(std::move(before.error()));
  if (*before * *page < kFreeBytes) return Shrunk{};
  if (auto done = database.execute(kShrink); !done) return fail(std::move(done.error()));
  auto after = number("PRAGMA freelist_count");
  if (!after) return fail(std::move(after.error()));
  const std::uint64_t freed = *before > *after ? *before - *after : 0;
  return Shrunk{.bytes = freed * *page, .more = freed > 0 && *after * *page >= kFreeBytes};
}

}  // namespace troupe::memory
