/**
 * What an artifact's metadata hold (docs/artifact.md). There is no code here.
 *
 * @typedef {object} ArtifactMetadata
 * @property {string} format
 * @property {number} version
 * @property {ModelInfo} model The musician's model, as the training program described it.
 * @property {AudioGrid} audio
 * @property {number} latent_dim Length of a latent vector.
 * @property {number} state_size
 * @property {number} latency_samples Of silence that every stream starts with.
 * @property {'learned' | 'refined'} reconstruction
 * @property {'float32' | 'float16' | 'int8'} precision Of the weights.
 * @property {PrecisionLoss | null} precision_loss null for "float32".
 * @property {Record<'mag_mean' | 'mag_std' | 'if_mean' | 'if_std', number> | null} normalization
 * @property {SliderBank | null} sliders null: the model's latent space was not analysed.
 * @property {Control[]} controls Directions that are named by what is heard; may be empty.
 * @property {Landmarks | null} landmarks Where the recordings lie; null where that is not known.
 * @property {{sha256: string}} source The model file.
 * @property {{sha256: string}} weights
 * @property {Record<string, string>} exporter Program -> version.
 * @property {Parity} parity What was measured at export.
 * @property {TestVector} test_vector
 *
 * @typedef {object} ModelInfo
 * @property {string} id
 * @property {string} name
 * @property {string} description
 * @property {{name: string, file_count: number, duration_s: number}} dataset
 * @property {{date: string, epochs: number, train_loss: number | null,
 *   validation_loss: number | null}} training
 * @property {string} saved_at
 * @property {string[]} tags
 *
 * @typedef {object} AudioGrid
 * @property {number} sample_rate_hz
 * @property {number} n_fft
 * @property {number} hop_length
 * @property {number} n_mels
 * @property {number} chunk_frames
 * @property {number} hop_frames
 *
 * @typedef {object} PrecisionLoss
 * @property {number} mel_snr_db
 * @property {number} log_mel_distance_db
 * @property {number} latents
 * @property {number} weight_bytes
 * @property {number} float32_weight_bytes
 * @property {number} decoder_speed_ratio
 * @property {number} speed_ratio
 * @property {string | null} warning
 *
 * @typedef {object} SliderBank
 * @property {number[]} mean `[latent_dim]`, where every slider stands at 0.
 * @property {Slider[]} sliders
 *
 * @typedef {object} Slider A principal component of the latent space. A position of `p` steps moves
 *   the latent vector by `p * step_size * component`.
 * @property {string} name
 * @property {string} label
 * @property {number[]} component `[latent_dim]`, unit length.
 * @property {number} step_size
 * @property {number} min_step
 * @property {number} max_step
 * @property {number} safe_min_step
 * @property {number} safe_max_step
 * @property {number} warning_min_step
 * @property {number} warning_max_step
 * @property {number} variance_explained 0..1.
 * @property {string} [original_label] The training program's, where the label is another.
 *
 * @typedef {object} Control A direction of the latent space, the same from anywhere. So many steps
 *   move the latent vector by `steps * step_size * direction`, wherever it is.
 * @property {string} name
 * @property {number[]} direction `[latent_dim]`, unit length.
 * @property {number} step_size Above 0.
 * @property {number} safe_min_step 0 or below.
 * @property {number} safe_max_step 0 or above.
 * @property {string} unit Of what one step changes: "dB", "octaves".
 * @property {number} change_per_step In that unit, on average over the safe range.
 * @property {number} correlation Of steps and what is heard, -1..1.
 * @property {number} leak Largest change of what another control is named for, own change being 1.
 * @property {string | null} leaks_into Whose that is.
 * @property {number} places Random latent vectors that it was measured at.
 * @property {boolean} is_level Whether it changes the level, which normalising would take back.
 *
 * @typedef {object} Landmarks Encoded seconds of the recordings that the model was trained on.
 * @property {number} count
 * @property {number[]} vectors `[count, latent_dim]`, one row after the other.
 * @property {number[]} potentials `[count]`: added to a landmark's exponent, so that each has its
 *   share of seeds.
 * @property {number[]} widths `[latent_dim]`, above 0: over what distance a landmark is felt.
 * @property {number} default The nearness, 0..1, of sounds that ask for none.
 *
 * @typedef {object} Parity
 * @property {number} decoder_max_difference
 * @property {number} reconstruction_snr_db
 * @property {number} streaming_snr_db
 * @property {number} batch_snr_db
 * @property {number} trajectories
 *
 * @typedef {object} TestVector A seeded sound's excerpt, to check any host against.
 * @property {number} seed
 * @property {number} steps
 * @property {number} start
 * @property {number[]} audio
 * @property {number} tolerance_db
 */

export {};
