#pragma once

#include "memory/knowledge/search/fusion.h"
#include "memory/knowledge/search/retriever.h"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// One search: its steps, and what they hand on.
class Retrieval {
 public:
  Retrieval(Retriever::Services& services, std::string query, SearchSettings settings, CallContext& context)
      : services_(services), query_(std::move(query)), settings_(std::move(settings)), context_(context) {}

  Result<> check() const;
  Task<Result<Retrieved>> run();

 private:
  /// A chunk that was found, before it is loaded.
  struct Found {
    std::int64_t chunk = 0;
    double score = 0;
    ScoreKind kind = ScoreKind::cosine;
    std::vector<Placing> placings;
  };
  /// A model and how it is asked.
  struct Asked {
    std::shared_ptr<models::Model> model;
    const prompts::Prompt* prompt = nullptr;
  };
  struct Compressing;

  Result<Asked> asked(const std::string& model, std::string_view prompt) const;
  CandidateQuery wanted() const;

  /// `queries`: to be held against texts of the base; otherwise against each other.
  Task<Result<models::Vectors>> embed(std::vector<std::string> texts, bool queries);
  Task<Result<std::vector<Candidate>>> nearest();  // fills query_vector_
  Task<Result<std::vector<Candidate>>> by_words();
  Task<Result<std::vector<Found>>> find();
  Task<Result<std::vector<Found>>> choose_different();
  Task<Result<std::vector<Found>>> fuse();
  Task<Result<std::vector<Hit>>> load(std::vector<Found> found);
  Task<Result<>> rerank(std::vector<Hit>& hits);
  Task<Result<>> expand(std::vector<Hit>& hits);
  Task<Result<>> compress(std::vector<Hit>& hits);
  Task<> add_similarities(Compressing& work);

  static std::vector<Found> as_found(const std::vector<Candidate>& candidates, ScoreKind kind);

  Retriever::Services& services_;
  std::string query_;
  SearchSettings settings_;
  CallContext& context_;
  std::vector<float> query_vector_;
  Retrieved out_;
};

}  // namespace troupe::memory
