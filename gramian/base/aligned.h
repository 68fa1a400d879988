// A fixed-size buffer aligned for vector loads, zero-filled, move-only.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

#include "gramian/base/assert.h"

namespace gramian {

inline constexpr std::size_t kAlignment = 128;

template <class T>
class AlignedArray {
 public:
  AlignedArray() = default;
  explicit AlignedArray(std::size_t size) : size_(size) {
    if (size == 0) return;
    void* memory = ::operator new (size * sizeof(T), std::align_val_t{kAlignment});
    std::memset(memory, 0, size * sizeof(T));
    data_.reset(static_cast<T*>(memory));
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) {
    GRAMIAN_ASSERT(i < size_);
    return data_.get()[i];
  }
  const T& operator[](std::size_t i) const {
    GRAMIAN_ASSERT(i < size_);
    return data_.get()[i];
  }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  void zero() {
    if (size_ > 0) std::memset(data_.get(), 0, size_ * sizeof(T));
  }

 private:
  struct Free {
    void operator()(T* memory) const { ::operator delete (memory, std::align_val_t{kAlignment}); }
  };
  std::unique_ptr<T[], Free> data_;
  std::size_t size_ = 0;
};

}  // namespace gramian
