// Indexes of vectors by FAISS, for knowledge bases with many of them: `index: { kind: plugin/faiss, options:
// { factory: "IVF1024,PQ32" } }`. docs/knowledge.md says what is to be known about it.
#include "troupe_plugin.hpp"

#include <algorithm>
#include <cmath>
#include <faiss/IVFlib.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>
#include <faiss/impl/FaissException.h>
#include <faiss/impl/IDSelector.h>
#include <faiss/index_factory.h>
#include <new>

// Of the OpenMP runtime that FAISS was built with: there is no need for its compiler options.
extern "C" void omp_set_num_threads(int threads);

namespace {

constexpr std::size_t kBatch = 16'384;        // rows added between two looks at whether somebody still waits
constexpr std::size_t kRowsForEachList = 39;  // which FAISS asks for to train one
constexpr std::size_t kListsForRoot = 4;  // without a factory: lists for each unit of the root of the rows
constexpr std::size_t kListsMost = 65'536;
constexpr std::size_t kProbes = 32;         // lists looked into, where the options do not say
constexpr std::size_t kFilteredShare = 16;  // of the rows asked for where an index knows no filter

std::string factory_for(const troupe::Rows& rows) {
  const auto wished = static_cast<std::size_t>(std::sqrt(static_cast<double>(rows.count))) * kListsForRoot;
  const std::size_t lists =
      std::clamp<std::size_t>(wished, 1, std::max<std::size_t>(rows.count / kRowsForEachList, 1));
  return "IVF" + std::to_string(std::min(lists, kListsMost)) + ",Flat";
}

/// Codes may be numbered so that Hamming distances tell something, too, which takes minutes and which no
/// search here looks at.
void leave_out_polysemous_training(faiss::Index& index) {
  if (auto* transform = dynamic_cast<faiss::IndexPreTransform*>(&index))
    leave_out_polysemous_training(*transform->index);
  if (auto* refine = dynamic_cast<faiss::IndexRefine*>(&index))
    leave_out_polysemous_training(*refine->base_index);
  if (auto* codes = dynamic_cast<faiss::IndexPQ*>(&index)) codes->do_polysemous_training = false;
  if (auto* codes = dynamic_cast<faiss::IndexIVFPQ*>(&index)) codes->do_polysemous_training = false;
}

void check_training(const faiss::Index& index, const std::string& factory, std::size_t rows) {
  const faiss::IndexIVF* lists = faiss::ivflib::try_extract_index_ivf(&index);
  if (!lists || lists->nlist * kRowsForEachList <= rows) return;
  throw troupe::Failure(TROUPE_INVALID,
                        "`" + factory + "` has " + std::to_string(lists->nlist) +
                            " lists, which are trained with at least " +
                            std::to_string(lists->nlist * kRowsForEachList) + " vectors, and there are " +
                            std::to_string(rows) + ": write a factory of at most " +
                            std::to_string(std::max<std::size_t>(rows / kRowsForEachList, 1)) +
                            " lists, or use the index from more vectors on (`flat_vectors`)");
}

class FaissIndex final : public troupe::Index {
 public:
  FaissIndex(const troupe::Rows& rows, troupe::Call& call) {
    const std::string factory = rows.text("factory", factory_for(rows));
    const auto metric = rows.metric == "l2" ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT;
    index_.reset(faiss::index_factory(static_cast<int>(rows.dimensions), factory.c_str(), metric));
    check_training(*index_, factory, rows.count);
    leave_out_polysemous_training(*index_);
    if (!index_->is_trained) {
      call.progress("training `" + factory + "`");
      index_->train(static_cast<faiss::Index::idx_t>(rows.count), rows.data);
    }
    for (std::size_t from = 0; from < rows.count; from += kBatch) {
      call.check();
      const std::size_t count = std::min(kBatch, rows.count - from);
      index_->add(static_cast<faiss::Index::idx_t>(count), rows.row(from));
    }
    lists_ = faiss::ivflib::try_extract_index_ivf(index_.get());
    if (lists_)
      lists_->nprobe = std::min(lists_->nlist, static_cast<std::size_t>(rows.number("nprobe", kProbes)));
  }

  std::vector<std::uint32_t> search(const float* query, std::size_t count, const troupe::Allowed& allowed,
                                    troupe::Call&) override {
    if (allowed.all()) return found(query, count, nullptr, allowed);
    const faiss::IDSelectorBitmap selector(allowed.bits().size(),
                                           reinterpret_cast<const std::uint8_t*>(allowed.bits().data()));
    faiss::SearchParametersIVF of_lists;
    faiss::SearchParameters of_all;
    faiss::SearchParametersPreTransform of_transform;
    of_lists.nprobe = lists_ ? lists_->nprobe : 1;
    of_lists.sel = of_all.sel = const_cast<faiss::IDSelectorBitmap*>(&selector);
    faiss::SearchParameters* parameters = lists_ ? &of_lists : &of_all;
    if (dynamic_cast<const faiss::IndexPreTransform*>(index_.get())) {
      of_transform.index_params = parameters;
      parameters = &of_transform;
    }
    if (filters_) {
      try {
        return found(query, count, parameters, allowed);
      } catch (const faiss::FaissException&) {
        filters_ = false;  // this type of index takes no filter
      }
    }
    // What is missing in the end the daemon finds by comparing.
    const std::size_t rows = allowed.bits().size() * 8;
    return found(query, std::max(count, std::min(rows / kFilteredShare, count * kFilteredShare)), nullptr,
                 allowed, count);
  }

 private:
  std::vector<std::uint32_t> found(const float* query, std::size_t count,
                                   const faiss::SearchParameters* parameters, const troupe::Allowed& allowed,
                                   std::size_t most = SIZE_MAX) const {
    std::vector<float> distances(count);
    std::vector<faiss::Index::idx_t> labels(count);
    index_->search(1, query, static_cast<faiss::Index::idx_t>(count), distances.data(), labels.data(),
                   parameters);
    std::vector<std::uint32_t> rows;
    for (const faiss::Index::idx_t label : labels)
      if (label >= 0 && rows.size() < most && allowed(static_cast<std::size_t>(label)))
        rows.push_back(static_cast<std::uint32_t>(label));
    return rows;
  }

  std::unique_ptr<faiss::Index> index_;
  faiss::IndexIVF* lists_ = nullptr;  // of index_, where it has lists
  bool filters_ = true;
};

}  // namespace

TROUPE_INDEX(faiss,
             "Indexes vectors with FAISS: lists (IVF), codes (PQ, SQ8) and what else a factory string makes",
             R"({"type": "object", "additionalProperties": false, "properties": {
               "factory": {"type": "string", "minLength": 1, "maxLength": 256},
               "nprobe": {"type": "integer", "minimum": 1, "maximum": 65536}}})") {
  try {
    if (const auto threads = troupe::config_number("threads"); threads > 0)
      omp_set_num_threads(static_cast<int>(threads));
    return std::make_unique<FaissIndex>(rows, call);
  } catch (const faiss::FaissException& e) {
    const std::string why = e.what();
    throw troupe::Failure(
        TROUPE_INVALID,
        "FAISS: " + why.substr(why.rfind("failed: ") == std::string::npos ? 0 : why.rfind("failed: ") + 8));
  } catch (const std::bad_alloc&) {
    throw troupe::Failure(TROUPE_UNAVAILABLE,
                          "there is no memory for it: allow the plugin more (`limits: { memory: … }`)");
  }
}

TROUPE_PLUGIN("faiss", "1.0", "Indexes of vectors by FAISS", p.config_schema = R"({"type": "object",
  "additionalProperties": false, "properties": {"threads": {"type": "integer", "minimum": 1, "maximum": 256}}})",
              p.permissions = R"({"threads": 16})")
