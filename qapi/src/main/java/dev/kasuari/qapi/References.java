package dev.kasuari.qapi;

import org.jspecify.annotations.Nullable;

/** Finds the objects that options name by id: back ends, other devices. */
public interface References {
  /** There are no objects to refer to. */
  References NONE =
      new References() {
        @Override
        public <T> @Nullable T find(Class<T> type, String id) {
          return null;
        }
      };

  /** The object called {@code id} if there is one of that type, else null. */
  <T> @Nullable T find(Class<T> type, String id);

  /** The ids of all objects of that type, for complaints. */
  default java.util.Collection<String> ids(Class<?> type) {
    return java.util.List.of();
  }
}
