package dev.drey.runtime.tokenizer;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.drey.runtime.safetensors.ModelDirectory;
import dev.drey.runtime.safetensors.ModelFileException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;

/**
 * A model's tokenizer, from its {@code tokenizer.json}.
 *
 * <p>Encoding neither truncates nor pads, and adds tokens in front or behind only where asked to.
 * The text of a special token, as in {@code <|im_start|>}, becomes that token; whoever takes text
 * from strangers for part of a prompt must look for it.
 *
 * <p><b>Ownership.</b> Owns native memory until closed.
 *
 * <p><b>Threading.</b> Any number of threads may use it at once; closing waits for them.
 *
 * <p><b>Failure.</b> A file that cannot be used is a {@link ModelFileException}; a text that cannot
 * be encoded is an {@code IllegalArgumentException}.
 */
public final class Tokenizer implements AutoCloseable {
  private static final String FILE = "tokenizer.json";
  private static final int MAX_BYTES = 64 << 20;

  private final TokenizerFile file;
  private final Path path;
  private final HuggingFaceTokenizer library;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private boolean closed;

  private Tokenizer(Path path, TokenizerFile file, HuggingFaceTokenizer library) {
    this.path = path;
    this.file = file;
    this.library = library;
  }

  /**
   * Loads the tokenizer of a model's directory.
   *
   * @throws ModelFileException if the file is missing, damaged or of a kind that is not supported
   */
  public static Tokenizer open(Path modelDirectory) {
    ModelDirectory directory = ModelDirectory.open(modelDirectory);
    byte[] content = directory.read(FILE, MAX_BYTES);
    Path path = directory.file(FILE);
    TokenizerFile file = TokenizerFile.parse(path, content);
    return new Tokenizer(path, file, load(path, content));
  }

  private static HuggingFaceTokenizer load(Path path, byte[] content) {
    // The library asks a cloud's metadata service who it is and reports its use, unless told not
    // to.
    if (System.getProperty("OPT_OUT_TRACKING") == null) {
      System.setProperty("OPT_OUT_TRACKING", "true");
    }
    Map<String, String> options =
        Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");
    try {
      return HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(content), options);
    } catch (IOException | RuntimeException e) {
      throw ModelFileException.of(
          path,
          null,
          "a tokenizer that the library loads",
          ModelFileException.quote(String.valueOf(e.getMessage())),
          "The file is damaged or needs a newer tokenizers library.",
          e);
    }
  }

  /**
   * The token ids of a text, with nothing added.
   *
   * @throws IllegalArgumentException if the text has half a surrogate pair, which no encoding of
   *     characters allows
   */
  public int[] encode(String text) {
    return encode(text, false);
  }

  /**
   * The token ids of a text.
   *
   * @param addSpecialTokens whether the tokens that the file's post-processor puts around a text,
   *     such as one that begins it, are added
   * @throws IllegalArgumentException if the text has half a surrogate pair
   */
  public int[] encode(String text, boolean addSpecialTokens) {
    requireWholeCharacters(text);
    Encoding encoding = locked(tokenizer -> tokenizer.encode(text, addSpecialTokens, false));
    return Arrays.stream(encoding.getIds()).mapToInt(Math::toIntExact).toArray();
  }

  /**
   * The text of token ids. Ids without a token have no text; bytes that make no character give
   * U+FFFD.
   *
   * @param skipSpecialTokens whether special tokens have no text
   */
  public String decode(int[] ids, boolean skipSpecialTokens) {
    long[] wide = Arrays.stream(ids).filter(this::hasToken).mapToLong(id -> id).toArray();
    return locked(tokenizer -> tokenizer.decode(wide, skipSpecialTokens));
  }

  /** One more than the largest token id. The ids below it may have gaps. */
  public int vocabulary() {
    return file.known().length();
  }

  /**
   * Whether there is a token of this id. A model's vocabulary may be larger than its tokenizer's.
   */
  public boolean hasToken(int id) {
    return id >= 0 && file.known().get(id);
  }

  /** Whether the token of this id is special, such as an end-of-text mark. */
  public boolean isSpecial(int id) {
    return id >= 0 && file.special().get(id);
  }

  /**
   * Checks that the model knows every token.
   *
   * @param modelVocabulary rows of the model's embedding
   * @throws ModelFileException if an id of the tokenizer has no embedding
   */
  public void requireWithin(int modelVocabulary) {
    if (vocabulary() > modelVocabulary) {
      throw ModelFileException.of(
          path,
          "vocabulary",
          "ids below the model's vocabulary of " + modelVocabulary,
          "ids up to " + (vocabulary() - 1),
          "Tokenizer and model do not belong together; fetch the model again.");
    }
  }

  /** How this tokenizer joins tokens to text. */
  TokenizerFile file() {
    return file;
  }

  private <T> T locked(Function<HuggingFaceTokenizer, T> use) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the tokenizer of " + path + " is closed");
      }
      return use.apply(library);
    } finally {
      lock.readLock().unlock();
    }
  }

  private static void requireWholeCharacters(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean pair =
          Character.isHighSurrogate(c)
              && i + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(i + 1));
      if (pair) {
        i++;
      } else if (Character.isSurrogate(c)) {
        throw new IllegalArgumentException(
            "text has half a surrogate pair (\\u%04x) at index %d".formatted((int) c, i));
      }
    }
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        library.close();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}
