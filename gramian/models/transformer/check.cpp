// What a transformer's description may be: limits of its fields by visiting them, then
// combinations.
#include <algorithm>
#include <cmath>

#include "gramian/models/transformer/fields.h"
#include "gramian/models/transformer/mixers.h"

namespace gramian {

namespace {

// Visits all fields (fields.h) and keeps the first that is outside of its limits.
class Limits {
 public:
  Status status = {};

  void operator()(std::string_view, bool) {}

  template <class E>
  requires std::is_enum_v<E>
  void operator()(std::string_view name, E value) {
    if (word(value) == "?") refuse("{} is none of {}", at(name), fmt::join(words_of(E{}), ", "));
  }

  template <class T>
  requires std::is_arithmetic_v<T>
  void operator()(std::string_view name, T value, Bounds<T> bounds) {
    if (value >= bounds.low && value <= bounds.high) return;  // false for NaN
    refuse("{} must be in [{}, {}], got {}", at(name), bounds.low, bounds.high, value);
  }

  void operator()(std::string_view name, const std::vector<Block>& blocks, Bounds<int> length) {
    (*this)(std::string(name) + ".size", static_cast<int>(blocks.size()), length);
    for (std::size_t l = 0; l < blocks.size(); ++l)
      (*this)(fmt::format("{}[{}]", name, l), blocks[l]);
  }

  void operator()(std::string_view name, const std::vector<int>& list, Bounds<int> length) {
    (*this)(std::string(name) + ".size", static_cast<int>(list.size()), length);
  }

  template <class Part>
  requires std::is_class_v<Part>
  void operator()(std::string_view name, const Part& part) {
    const std::string outside = path_;
    path_ = at(name) + ".";
    fields(*this, part);
    path_ = outside;
  }

 private:
  std::string at(std::string_view name) const { return path_ + std::string(name); }

  template <class... Args>
  void refuse(fmt::format_string<Args...> format, Args&&... args) {
    if (status) status = fail(ErrorKind::config, format, std::forward<Args>(args)...);
  }

  std::string path_;
};

Status check_stem(const Stem& stem) {
  const Positions& positions = stem.positions;
  if (positions.kind == PositionKind::none && positions != Positions{}) {
    return fail(ErrorKind::config, "stem.positions is none and takes no other setting");
  }
  const bool beside = positions.place == PositionPlace::beside;
  if (positions.kind != PositionKind::none && beside != (positions.width > 0)) {
    return fail(ErrorKind::config,
                "stem.positions.width must be {} for positions that are {}, got {}",
                beside ? "at least 1" : "0", word(positions.place), positions.width);
  }
  const bool bare =
      stem.width == 1 && stem.embedding > 0 && stem.zeros == 0 && positions.width == 0;
  if (stem.vocabulary > 0 && !bare) {
    return fail(ErrorKind::config,
                "stem.vocabulary needs a width of 1, an embedding, and nothing beside the symbols; "
                "got width {}, embedding {}, zeros {} and positions {}",
                stem.width, stem.embedding, stem.zeros, positions.width);
  }
  if (stem.inner_tokens() > kMaxTokens) {
    return fail(ErrorKind::config, "stem.prefix + stem.tokens must be at most {}, got {} + {}",
                kMaxTokens, stem.prefix, stem.tokens);
  }
  return {};
}

// Whether it is a norm of all tokens together.
bool joins_tokens(const Norm& norm) {
  return norm.kind == NormKind::frobenius || norm.kind == NormKind::columns;
}

// A norm at tokens of `width` numbers.
Status check_norm(const Norm& norm, const std::string& path, int width) {
  const bool of_blocks = joins_tokens(norm);
  if (!of_blocks && norm != Norm{.kind = norm.kind}) {
    return fail(ErrorKind::config, "{}: lead, first and count are for frobenius and columns", path);
  }
  const bool fits = norm.lead <= norm.first && norm.count >= 1 && norm.count <= width - norm.first;
  if (of_blocks && !fits) {
    return fail(ErrorKind::config,
                "{}: needs lead <= first and at least one column within tokens of {} numbers, got "
                "lead {}, first {} and count {}",
                path, width, norm.lead, norm.first, norm.count);
  }
  return {};
}

bool has_norm_of_all_tokens(const TransformerSpec& spec) {
  return joins_tokens(spec.readout.norm) ||
         std::ranges::any_of(spec.blocks, [](const Block& block) {
           return joins_tokens(block.before_mixer) || joins_tokens(block.after_mixer) ||
                  joins_tokens(block.before_mlp) || joins_tokens(block.after_mlp);
         });
}

Status check_norms(const Block& block, const std::string& path, int width) {
  const int after = block.width_after(width);
  const int mlp_width = block.mlp.place == MlpPlace::after ? after : width;
  GRAMIAN_TRY(check_norm(block.before_mixer, path + ".before_mixer", width));
  GRAMIAN_TRY(check_norm(block.after_mixer, path + ".after_mixer", after));
  GRAMIAN_TRY(check_norm(block.before_mlp, path + ".before_mlp", mlp_width));
  return check_norm(block.after_mlp, path + ".after_mlp", mlp_width);
}

Status check_skip(const Skip& skip, const std::string& path) {
  if (skip.kind == SkipKind::momentum) return {};
  if (skip == Skip{.kind = skip.kind}) return {};
  return fail(ErrorKind::config, "{}: mu and gamma are for momentum, not for {}", path,
              word(skip.kind));
}

Status check_mixer(const Block& block, const std::string& path, int width) {
  const Mixer& mixer = block.mixer;
  GRAMIAN_TRY(mixer_entry(mixer.kind).check(mixer, path + ".mixer", width));
  if ((mixer.mask == Mask::window) != (mixer.window > 0)) {
    return fail(ErrorKind::config, "{}.mixer.window must be {} for the mask {}, got {}", path,
                mixer.mask == Mask::window ? "at least 1" : "0", word(mixer.mask), mixer.window);
  }
  if (block.width_after(width) != width && block.mixer_skip.kind != SkipKind::none) {
    return fail(ErrorKind::config,
                "{}.mixer.width is {} at tokens of {} numbers: that needs mixer_skip none, not {}",
                path, mixer.width, width, word(block.mixer_skip.kind));
  }
  const bool bare =
      block.before_mixer == Norm{} && block.after_mixer == Norm{} && block.mixer_skip == Skip{};
  if (mixer.kind == MixerKind::none && !bare) {
    return fail(ErrorKind::config, "{}: without a mixer there is no norm and no skip of it", path);
  }
  return check_skip(block.mixer_skip, path + ".mixer_skip");
}

Status check_mlp(const Block& block, const std::string& path, int width) {
  const Mlp& mlp = block.mlp;
  const bool joins = block.mlp_skip == Skip{} && block.after_mlp == Norm{};
  if (mlp.kind == MlpKind::none && (mlp != Mlp{} || !joins || block.before_mlp != Norm{})) {
    return fail(ErrorKind::config, "{}: without an MLP there is no setting, norm or skip of it",
                path);
  }
  if (mlp.kind == MlpKind::swiglu && mlp.hidden == 0)
    return fail(ErrorKind::config, "{}.mlp.hidden must be at least 1 for swiglu", path);
  if (mlp.hidden == 0 && !mlp.bias) {
    return fail(ErrorKind::config, "{}.mlp.bias must be true where hidden is 0: there is none",
                path);
  }
  if (mlp.place == MlpPlace::beside &&
      (block.mixer.kind == MixerKind::none || block.width_after(width) != width || !joins)) {
    return fail(ErrorKind::config,
                "{}.mlp.place beside needs a mixer of the same width, and has no mlp_skip and "
                "after_mlp of its own",
                path);
  }
  return check_skip(block.mlp_skip, path + ".mlp_skip");
}

// Velocities go on from block to block and keep their width.
Status check_momentum(const TransformerSpec& spec) {
  int mixer_width = 0, mlp_width = 0;
  const auto follow = [](const Skip& skip, int& last, int width, std::size_t l) -> Status {
    if (skip.kind != SkipKind::momentum) return {};
    if (last != 0 && last != width) {
      return fail(ErrorKind::config,
                  "blocks[{}]: momentum goes on from a block of width {} and has {} here", l, last,
                  width);
    }
    last = width;
    return {};
  };
  for (std::size_t l = 0; l < spec.blocks.size(); ++l) {
    const Block& block = spec.blocks[l];
    const int before = spec.width_before(l), after = spec.width_before(l + 1);
    GRAMIAN_TRY(follow(block.mixer_skip, mixer_width, before, l));
    const int width = block.mlp.place == MlpPlace::after ? after : before;
    GRAMIAN_TRY(follow(block.mlp_skip, mlp_width, width, l));
  }
  return {};
}

Status check_sharing(const TransformerSpec& spec) {
  const auto& owners = spec.weights_of;
  if (owners.empty()) return {};
  if (owners.size() != spec.blocks.size()) {
    return fail(ErrorKind::config, "weights_of must name a block for each of {} blocks, got {}",
                spec.blocks.size(), owners.size());
  }
  for (std::size_t l = 0; l < owners.size(); ++l) {
    const int own = owners[l];
    if (own < 0 || own > static_cast<int>(l) || owners[static_cast<std::size_t>(own)] != own) {
      return fail(ErrorKind::config,
                  "weights_of[{}] must be {} or an earlier block that has weights of its own, got "
                  "{}",
                  l, l, own);
    }
    const auto owner = static_cast<std::size_t>(own);
    if (block_parameters(spec.blocks[l], spec.width_before(l), "") ==
        block_parameters(spec.blocks[owner], spec.width_before(owner), "")) {
      continue;
    }
    return fail(ErrorKind::config,
                "weights_of[{}]: block {} cannot use the weights of block {}, whose shapes or "
                "parts differ",
                l, l, own);
  }
  return {};
}

Status check_readout(const Readout& out, const Stem& stem, int width) {
  if (out.map == ReadoutMap::columns) {
    const int first = out.first < 0 ? width + out.first : out.first;
    if (first >= 0 && out.outputs <= width - first) return {};
    return fail(ErrorKind::config,
                "readout: {} columns from {} on (negative: counted from the end) of tokens of {} "
                "numbers",
                out.outputs, out.first, width);
  }
  if (out.first != Readout{}.first) {
    return fail(ErrorKind::config, "readout.first is for the map columns, not for {}",
                word(out.map));
  }
  if (out.map == ReadoutMap::symbols &&
      (stem.vocabulary == 0 || out.outputs != stem.vocabulary || stem.embedding != width)) {
    return fail(ErrorKind::config,
                "readout.outputs must be stem.vocabulary for symbols, and the last block must have "
                "the width of the embedding; got {} of {} and {} of {}",
                out.outputs, stem.vocabulary, width, stem.embedding);
  }
  if (out.map == ReadoutMap::signs && out.outputs != 1)
    return fail(ErrorKind::config, "readout.outputs must be 1 for signs, got {}", out.outputs);
  return {};
}

}  // namespace

int TransformerSpec::width_before(std::size_t block) const {
  int width = stem.inner_width();
  for (std::size_t l = 0; l < block; ++l) width = blocks[l].width_after(width);
  return width;
}

Status TransformerSpec::check() const {
  Limits limits;
  fields(limits, *this);
  GRAMIAN_TRY(limits.status);
  GRAMIAN_TRY(check_stem(stem));
  for (std::size_t l = 0; l < blocks.size(); ++l) {
    const std::string path = fmt::format("blocks[{}]", l);
    GRAMIAN_TRY(check_norms(blocks[l], path, width_before(l)));
    GRAMIAN_TRY(check_mixer(blocks[l], path, width_before(l)));
    GRAMIAN_TRY(check_mlp(blocks[l], path, width_before(l)));
  }
  GRAMIAN_TRY(check_momentum(*this));
  GRAMIAN_TRY(check_sharing(*this));
  if (readout.rows == ReadoutRows::query && has_norm_of_all_tokens(*this)) {
    return fail(ErrorKind::config,
                "readout.rows must not be query with a norm of columns (frobenius or columns), "
                "which needs all tokens in every block");
  }
  GRAMIAN_TRY(check_norm(readout.norm, "readout.norm", width_before(blocks.size())));
  return check_readout(readout, stem, width_before(blocks.size()));
}

}  // namespace gramian
