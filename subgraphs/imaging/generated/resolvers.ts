import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { StoredRadiograph, PatientReference } from '../domain/radiograph.ts';
import type { StoredJob } from '../domain/job.ts';
import type { StoredClassification } from '../domain/classification.ts';
import type { Context } from '../context.ts';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A moment in time, ISO 8601 in UTC with milliseconds. */
  DateTime: { input: string; output: string; }
  /**
   * A file of a multipart request (GraphQL multipart request specification). The gateway keeps the bytes and hands
   * a signed claim onward; no other value is accepted.
   */
  Upload: { input: string; output: string; }
  HeatmapClaim: { input: string; output: string; }
  /** The class activation maps of one forward pass; passed between subgraphs, never shown. */
  ActivationMaps: { input: unknown; output: unknown; }
  _FieldSet: { input: unknown; output: unknown; }
};

export type Query = {
  __typename?: 'Query';
  /** One radiograph, or null when there is none with this id. */
  radiograph?: Maybe<Radiograph>;
  /** Radiographs, newest first; `first` is 1 to 100. */
  radiographs: RadiographConnection;
  /** One job, or null when there is none with this id. */
  job?: Maybe<Job>;
  /** The models and versions that are known; a version is UNKNOWN while its server cannot be reached. */
  models: Array<Model>;
};


export type QueryRadiographArgs = {
  id: Scalars['ID']['input'];
};


export type QueryRadiographsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
  patientId?: InputMaybe<Scalars['ID']['input']>;
};


export type QueryJobArgs = {
  id: Scalars['ID']['input'];
};

export type Mutation = {
  __typename?: 'Mutation';
  /**
   * Takes one or several chest radiographs (JPEG, PNG or DICOM) and queues one job for each. Returns at once. A file that
   * cannot be taken is named in `userErrors`; the others go on.
   */
  radiographUpload: RadiographUploadPayload;
  /** Takes one chest radiograph and waits for its classification. */
  radiographClassify: RadiographClassifyPayload;
  /**
   * Deletes a radiograph with its pictures, heatmaps, classification and cached inferences; links to them answer 404. A job
   * that has not ended is CANCELLED. Image bytes that another radiograph has too stay until the last one is deleted.
   */
  radiographDelete: RadiographDeletePayload;
  /**
   * Takes a job back. One that waits is CANCELLED at once; one under way as soon as its worker heeds it, and never
   * SUCCEEDED any more.
   */
  jobCancel: JobCancelPayload;
  /**
   * Fetches a study from the PACS (DICOMweb) and queues one job for each radiograph of it, as `radiographUpload` does for a
   * file. An instance is imported once for a patient: doing it again gives the same jobs.
   */
  studyImport: StudyImportPayload;
  /**
   * Writes what the model says of a radiograph that `studyImport` brought into its study in the PACS: a structured report,
   * and the heatmap where one is given. Doing it again writes nothing new.
   */
  studyResultStore: StudyResultStorePayload;
};


export type MutationRadiographUploadArgs = {
  input: RadiographUploadInput;
};


export type MutationRadiographClassifyArgs = {
  input: RadiographClassifyInput;
};


export type MutationRadiographDeleteArgs = {
  input: RadiographDeleteInput;
};


export type MutationJobCancelArgs = {
  input: JobCancelInput;
};


export type MutationStudyImportArgs = {
  input: StudyImportInput;
};


export type MutationStudyResultStoreArgs = {
  input: StudyResultStoreInput;
};

export type Subscription = {
  __typename?: 'Subscription';
  /** The job now and after every change, until it has ended. A late subscriber sees the final state. */
  jobStatus: Job;
};


export type SubscriptionJobStatusArgs = {
  id: Scalars['ID']['input'];
};

/** What `radiographUpload` takes. */
export type RadiographUploadInput = {
  /** One to 50 files. */
  files: Array<Scalars['Upload']['input']>;
  /** The patient whom the radiographs show, where it is known. */
  patientId?: InputMaybe<Scalars['ID']['input']>;
  /** How urgent they are. */
  priority?: JobPriority;
  /**
   * Names this request among those of its caller: 1 to 128 printable ASCII characters without spaces, such as a UUID. Sent
   * again with the same key, patient and files in the same order, it takes nothing twice and gives the same jobs; another file
   * or patient is BAD_USER_INPUT. A key is forgotten with its radiograph: after `radiographDelete` the file is a new one.
   */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
};

/** What `studyImport` takes. */
export type StudyImportInput = {
  /** (0020,000D). */
  studyInstanceUID: Scalars['String']['input'];
  /** The patient whom its radiographs show, where it is known: nothing of what the files say of a patient is kept. */
  patientId?: InputMaybe<Scalars['ID']['input']>;
  /** How urgent they are. */
  priority?: JobPriority;
};

/** What became of the import of a study. */
export type StudyImportPayload = {
  __typename?: 'StudyImportPayload';
  /** One job for each radiograph that was taken, now or by an import before. */
  jobs: Array<Job>;
  /** Objects of the study that are no radiographs (another modality than CR and DX, or no pixels); null when it was not read. */
  skipped?: Maybe<Scalars['Int']['output']>;
  /** Why the study, or one of its radiographs, was not taken. */
  userErrors: Array<UserError>;
};

/** What `studyResultStore` takes. */
export type StudyResultStoreInput = {
  /** The radiograph's id. It was imported, and is classified. */
  radiographId: Scalars['ID']['input'];
  /** `Heatmap.claim` of the picture that is stored beside the report. */
  heatmap?: InputMaybe<Scalars['HeatmapClaim']['input']>;
};

/** What became of the wish to store a result. */
export type StudyResultStorePayload = {
  __typename?: 'StudyResultStorePayload';
  /** What the PACS holds now; null when nothing was written. */
  result?: Maybe<StudyResult>;
  /** Why nothing was written. */
  userErrors: Array<UserError>;
};

/** The result of one radiograph in the PACS. Never for clinical use without approval. */
export type StudyResult = {
  __typename?: 'StudyResult';
  /** A Comprehensive 3D SR (TID 1500), unverified. */
  structuredReport: DicomObject;
  /** A Secondary Capture of the heatmap; null when none was given. */
  heatmap?: Maybe<DicomObject>;
};

/** What names an object in the PACS. */
export type DicomObject = {
  __typename?: 'DicomObject';
  /** (0008,0016). */
  sopClassUID: Scalars['String']['output'];
  /** (0020,000D): that of the radiograph. */
  studyInstanceUID: Scalars['String']['output'];
  /** (0020,000E), under 2.25. */
  seriesInstanceUID: Scalars['String']['output'];
  /** (0008,0018), under 2.25. */
  sopInstanceUID: Scalars['String']['output'];
};

/** What `jobCancel` takes. */
export type JobCancelInput = {
  /** The id of the job. */
  id: Scalars['ID']['input'];
};

/** What became of the wish to cancel a job. */
export type JobCancelPayload = {
  __typename?: 'JobCancelPayload';
  /** The job as it is now; null when there is none with this id. */
  job?: Maybe<Job>;
  /** Why it cannot be cancelled. */
  userErrors: Array<UserError>;
};

/** What `radiographClassify` takes. */
export type RadiographClassifyInput = {
  /** A JPEG, PNG or DICOM file. */
  file: Scalars['Upload']['input'];
  /** The patient whom the radiograph shows, where it is known. */
  patientId?: InputMaybe<Scalars['ID']['input']>;
  /** As in `RadiographUploadInput`: sent again with the same key, it waits for the same radiograph. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
};

/** What became of an upload. */
export type RadiographUploadPayload = {
  __typename?: 'RadiographUploadPayload';
  /** One job for each file that was taken, in the order of the files. */
  jobs: Array<Job>;
  /** The files that were not taken, and why. */
  userErrors: Array<UserError>;
};

/** What became of a radiograph that was sent for an answer at once. */
export type RadiographClassifyPayload = {
  __typename?: 'RadiographClassifyPayload';
  /** The classified radiograph; null when the file was not taken. */
  radiograph?: Maybe<Radiograph>;
  /** Why the file was not taken. */
  userErrors: Array<UserError>;
};

/** What `radiographDelete` takes. */
export type RadiographDeleteInput = {
  /** The radiograph's id. */
  id: Scalars['ID']['input'];
};

/** What became of a deletion. */
export type RadiographDeletePayload = {
  __typename?: 'RadiographDeletePayload';
  /** What is left of the radiograph; null when there was none. */
  radiograph?: Maybe<DeletedRadiograph>;
  /** NOT_FOUND when there is no radiograph with this id, or none any more. */
  userErrors: Array<UserError>;
};

/** What is left of a radiograph after its deletion. */
export type DeletedRadiograph = {
  __typename?: 'DeletedRadiograph';
  /** Names nothing any more. */
  id: Scalars['ID']['output'];
  /** The job of its classification, which has ended. */
  job?: Maybe<Job>;
};

/** A fault in the input of a mutation, which its caller can mend. */
export type UserError = {
  __typename?: 'UserError';
  /** A code of the closed list that `extensions.code` of errors uses too. */
  code: Scalars['String']['output'];
  /** In words; it may change, the code does not. */
  message: Scalars['String']['output'];
  /** The path to the faulty value within the arguments, for example input, files, 2. */
  field?: Maybe<Array<Scalars['String']['output']>>;
};

/** Where a job stands. SUCCEEDED, FAILED and CANCELLED are final. */
export type JobState =
  /** Stored, waiting for a worker. */
  | 'QUEUED'
  /** A worker has it. */
  | 'RUNNING'
  /** Its radiograph is classified. */
  | 'SUCCEEDED'
  /** It was given up; `error` says why. */
  | 'FAILED'
  /** Somebody took it back before its end. */
  | 'CANCELLED';

/** How urgent a job is; the more urgent one is done first, and of equal ones the older. */
export type JobPriority =
  /** At once: the patient is in danger. */
  | 'STAT'
  /** Before what is routine. */
  | 'URGENT'
  /** In its turn. */
  | 'ROUTINE';

/** The work of classifying one radiograph. It is stored before it is acknowledged and survives a crash. */
export type Job = {
  __typename?: 'Job';
  /** Opaque. */
  id: Scalars['ID']['output'];
  /** Where it stands. */
  state: JobState;
  /** How urgent it is. */
  priority: JobPriority;
  /** From 0 (queued) over 0.1 (taken by a worker) and 0.4 (image prepared, the model is asked) to 1 (ended). */
  progress: Scalars['Float']['output'];
  /** How often the work was begun. */
  attempts: Scalars['Int']['output'];
  /** When it was accepted. */
  createdAt: Scalars['DateTime']['output'];
  /** When its first attempt began. */
  startedAt?: Maybe<Scalars['DateTime']['output']>;
  /** When it reached its final state. */
  finishedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Why the job failed, or why its last attempt did while another will follow. */
  error?: Maybe<JobError>;
  /** The radiograph that is classified. */
  radiograph?: Maybe<Radiograph>;
};

/** Why the work on a radiograph failed. */
export type JobError = {
  __typename?: 'JobError';
  /** A code of the closed list that `extensions.code` of errors uses too. */
  code: Scalars['String']['output'];
  /** In words; it may change, the code does not. */
  message: Scalars['String']['output'];
};

/** Formats of files that are taken. */
export type ImageFormat =
  /** ISO/IEC 10918-1. */
  | 'JPEG'
  /** ISO/IEC 15948. */
  | 'PNG'
  /** DICOM PS3.10: one grey picture of modality CR or DX. */
  | 'DICOM';

/** One chest radiograph. Never for clinical use without approval. */
export type Radiograph = {
  __typename?: 'Radiograph';
  /** Opaque. */
  id: Scalars['ID']['output'];
  /** When it was accepted. */
  createdAt: Scalars['DateTime']['output'];
  /** The format of the file as it was sent. */
  format: ImageFormat;
  /** Width of the file as it was sent, in pixels, upright. */
  width: Scalars['Int']['output'];
  /** Height of the file as it was sent, in pixels, upright. */
  height: Scalars['Int']['output'];
  /** The patient whom it shows, where that was said. */
  patient?: Maybe<Patient>;
  /** What a DICOM file says of itself; null for any other. */
  dicom?: Maybe<DicomInstance>;
  /** A grey rendering for display, at most 2048 pixels on its longer side; nothing of the sent file's metadata is in it. */
  image: ImageFile;
  /** The model's answer; null until the job has succeeded. */
  classification?: Maybe<Classification>;
  /** The work of classifying it, which says why there is no answer. */
  job?: Maybe<Job>;
  /** What the heatmap is drawn from. */
  activationMaps?: Maybe<Scalars['ActivationMaps']['output']>;
  /** Where the rendering for display is stored. */
  imageAddress: Scalars['String']['output'];
};

/**
 * A DICOM file as far as it is kept beside its pixels: coded values of the standard and its own names, nothing of its patient.
 * What the file leaves out is null.
 */
export type DicomInstance = {
  __typename?: 'DicomInstance';
  /** (0008,0060): CR or DX. */
  modality: Scalars['String']['output'];
  /** (0018,0015): CHEST. */
  bodyPart?: Maybe<Scalars['String']['output']>;
  /** (0018,5101): PA or AP. */
  viewPosition?: Maybe<Scalars['String']['output']>;
  /** (0020,000D). */
  studyInstanceUID?: Maybe<Scalars['String']['output']>;
  /** (0020,000E). */
  seriesInstanceUID?: Maybe<Scalars['String']['output']>;
  /** (0008,0018). */
  sopInstanceUID?: Maybe<Scalars['String']['output']>;
};

/** A page of radiographs (Relay cursor connections). */
export type RadiographConnection = {
  __typename?: 'RadiographConnection';
  /** The radiographs with their cursors. */
  edges: Array<RadiographEdge>;
  /** The radiographs without their cursors. */
  nodes: Array<Radiograph>;
  /** Whether and where the list goes on. */
  pageInfo: PageInfo;
};

/** A radiograph in a page. */
export type RadiographEdge = {
  __typename?: 'RadiographEdge';
  /** The `after` of the page that begins behind it. */
  cursor: Scalars['String']['output'];
  /** The radiograph. */
  node: Radiograph;
};

/** Where a page of a list ends (Relay cursor connections). */
export type PageInfo = {
  __typename?: 'PageInfo';
  /** Whether there is more behind this page. */
  hasNextPage: Scalars['Boolean']['output'];
  /** The `after` of the next page; null for an empty page. */
  endCursor?: Maybe<Scalars['String']['output']>;
};

/** A picture behind a link that lives for 15 to 30 minutes. */
export type ImageFile = {
  __typename?: 'ImageFile';
  /** Path at this endpoint's own address. */
  url: Scalars['String']['output'];
  /** image/png or image/jpeg. */
  mediaType: Scalars['String']['output'];
  /** In pixels. */
  width: Scalars['Int']['output'];
  /** In pixels. */
  height: Scalars['Int']['output'];
  /** Size of the file in bytes. */
  bytes: Scalars['Int']['output'];
};

/** The answer of one model version for one radiograph. Never for clinical use without approval. */
export type Classification = {
  __typename?: 'Classification';
  /** The finding with the highest probability. */
  finding: Finding;
  /** Every finding that the model knows, most probable first. */
  findings: Array<Finding>;
  /** What the probability and the threshold amount to. */
  decision: Decision;
  /** Why the decision is INDETERMINATE; null for any other. */
  indeterminateReason?: Maybe<IndeterminateReason>;
  /** The probability from which `finding` counts as positive, between 0 and 1; it comes with the model version. */
  threshold: Scalars['Float']['output'];
  /** The version that answered. */
  model: ModelVersion;
  /** Whether the answer was taken from the cache of inferences. */
  cached: Scalars['Boolean']['output'];
  /** Which pool of model servers answered. */
  pool?: Maybe<Scalars['String']['output']>;
};

/** A label of the model and its probability. */
export type Finding = {
  __typename?: 'Finding';
  /** The model's label, for example COVID19. */
  code: Scalars['String']['output'];
  /** The label in words. */
  display: Scalars['String']['output'];
  /** Between 0 and 1. */
  probability: Scalars['Float']['output'];
};

/** What a classification amounts to. */
export type Decision =
  /** The finding is a disease and reaches its threshold. */
  | 'POSITIVE'
  /** No disease: the model's finding is its label for a normal radiograph, above that label's threshold. */
  | 'NEGATIVE'
  /** Nothing is decided; `indeterminateReason` says why. */
  | 'INDETERMINATE';

/** Why nothing was decided. */
export type IndeterminateReason =
  /** The image is unlike the frontal chest radiographs that the model learned from: its findings mean nothing. */
  | 'OUT_OF_DISTRIBUTION'
  /** No finding reaches its threshold. */
  | 'BELOW_THRESHOLD';

/** A model by its name. */
export type Model = {
  __typename?: 'Model';
  /** The name at the model server. */
  name: Scalars['String']['output'];
  /** The versions that are known. */
  versions: Array<ModelVersion>;
};

/** A version of a model, as the server that holds it reports it. */
export type ModelVersion = {
  __typename?: 'ModelVersion';
  /** The name of the model. */
  name: Scalars['String']['output'];
  /** The version within the model. */
  version: Scalars['String']['output'];
  /** Where it stands at its server. */
  state: ModelState;
  /** SHA-256 of the model's file where it is known. */
  digest?: Maybe<Scalars['String']['output']>;
  /** What runs it, for example TensorFlow Serving. */
  engine: Scalars['String']['output'];
};

/** States of TensorFlow Serving's ModelVersionStatus. */
export type ModelState =
  /** The server cannot be asked. */
  | 'UNKNOWN'
  /** Known, not loaded yet. */
  | 'START'
  /** Being loaded. */
  | 'LOADING'
  /** Answers. */
  | 'AVAILABLE'
  /** Takes no more work. */
  | 'UNLOADING'
  /** Unloaded, or failed to load. */
  | 'END';

export type Patient = {
  __typename?: 'Patient';
  id: Scalars['ID']['output'];
  /** This patient's radiographs, newest first; `first` is 1 to 100. */
  radiographs?: Maybe<RadiographConnection>;
};


export type PatientRadiographsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
};



export type ResolverTypeWrapper<T> = Promise<T> | T;

export type ReferenceResolver<TResult, TReference, TContext> = (
      reference: TReference,
      context: TContext,
      info: GraphQLResolveInfo
    ) => Promise<TResult> | TResult;

      type ScalarCheck<T, S> = S extends true ? T : NullableCheck<T, S>;
      type NullableCheck<T, S> = Maybe<T> extends T ? Maybe<ListCheck<NonNullable<T>, S>> : ListCheck<T, S>;
      type ListCheck<T, S> = T extends (infer U)[] ? NullableCheck<U, S>[] : GraphQLRecursivePick<T, S>;
      export type GraphQLRecursivePick<T, S> = { [K in keyof T & keyof S]: ScalarCheck<T[K], S[K]> };
    

export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

/** Mapping of federation types */
export type FederationTypes = {
  Job: Job;
  Radiograph: Radiograph;
  Patient: Patient;
};

/** Mapping of federation reference types */
export type FederationReferenceTypes = {
  Job:
    ( { __typename: 'Job' }
    & GraphQLRecursivePick<FederationTypes['Job'], {"id":true}> );
  Radiograph:
    ( { __typename: 'Radiograph' }
    & GraphQLRecursivePick<FederationTypes['Radiograph'], {"id":true}> );
  Patient:
    ( { __typename: 'Patient' }
    & GraphQLRecursivePick<FederationTypes['Patient'], {"id":true}> );
};



/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  Upload: ResolverTypeWrapper<Scalars['Upload']['output']>;
  HeatmapClaim: ResolverTypeWrapper<Scalars['HeatmapClaim']['output']>;
  ActivationMaps: ResolverTypeWrapper<Scalars['ActivationMaps']['output']>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  RadiographUploadInput: RadiographUploadInput;
  StudyImportInput: StudyImportInput;
  StudyImportPayload: ResolverTypeWrapper<Omit<StudyImportPayload, 'jobs'> & { jobs: Array<ResolversTypes['Job']> }>;
  StudyResultStoreInput: StudyResultStoreInput;
  StudyResultStorePayload: ResolverTypeWrapper<StudyResultStorePayload>;
  StudyResult: ResolverTypeWrapper<StudyResult>;
  DicomObject: ResolverTypeWrapper<DicomObject>;
  JobCancelInput: JobCancelInput;
  JobCancelPayload: ResolverTypeWrapper<Omit<JobCancelPayload, 'job'> & { job?: Maybe<ResolversTypes['Job']> }>;
  RadiographClassifyInput: RadiographClassifyInput;
  RadiographUploadPayload: ResolverTypeWrapper<Omit<RadiographUploadPayload, 'jobs'> & { jobs: Array<ResolversTypes['Job']> }>;
  RadiographClassifyPayload: ResolverTypeWrapper<Omit<RadiographClassifyPayload, 'radiograph'> & { radiograph?: Maybe<ResolversTypes['Radiograph']> }>;
  RadiographDeleteInput: RadiographDeleteInput;
  RadiographDeletePayload: ResolverTypeWrapper<Omit<RadiographDeletePayload, 'radiograph'> & { radiograph?: Maybe<ResolversTypes['DeletedRadiograph']> }>;
  DeletedRadiograph: ResolverTypeWrapper<Omit<DeletedRadiograph, 'job'> & { job?: Maybe<ResolversTypes['Job']> }>;
  UserError: ResolverTypeWrapper<UserError>;
  JobState: JobState;
  JobPriority: JobPriority;
  Job: ResolverTypeWrapper<StoredJob>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  JobError: ResolverTypeWrapper<JobError>;
  ImageFormat: ImageFormat;
  Radiograph: ResolverTypeWrapper<StoredRadiograph>;
  DicomInstance: ResolverTypeWrapper<DicomInstance>;
  RadiographConnection: ResolverTypeWrapper<Omit<RadiographConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['RadiographEdge']>, nodes: Array<ResolversTypes['Radiograph']> }>;
  RadiographEdge: ResolverTypeWrapper<Omit<RadiographEdge, 'node'> & { node: ResolversTypes['Radiograph'] }>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  ImageFile: ResolverTypeWrapper<ImageFile>;
  Classification: ResolverTypeWrapper<StoredClassification>;
  Finding: ResolverTypeWrapper<Finding>;
  Decision: Decision;
  IndeterminateReason: IndeterminateReason;
  Model: ResolverTypeWrapper<Model>;
  ModelVersion: ResolverTypeWrapper<ModelVersion>;
  ModelState: ModelState;
  Patient: ResolverTypeWrapper<PatientReference>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  DateTime: Scalars['DateTime']['output'];
  Upload: Scalars['Upload']['output'];
  HeatmapClaim: Scalars['HeatmapClaim']['output'];
  ActivationMaps: Scalars['ActivationMaps']['output'];
  Query: Record<PropertyKey, never>;
  ID: Scalars['ID']['output'];
  Int: Scalars['Int']['output'];
  Mutation: Record<PropertyKey, never>;
  Subscription: Record<PropertyKey, never>;
  RadiographUploadInput: RadiographUploadInput;
  StudyImportInput: StudyImportInput;
  StudyImportPayload: Omit<StudyImportPayload, 'jobs'> & { jobs: Array<ResolversParentTypes['Job']> };
  StudyResultStoreInput: StudyResultStoreInput;
  StudyResultStorePayload: StudyResultStorePayload;
  StudyResult: StudyResult;
  DicomObject: DicomObject;
  JobCancelInput: JobCancelInput;
  JobCancelPayload: Omit<JobCancelPayload, 'job'> & { job?: Maybe<ResolversParentTypes['Job']> };
  RadiographClassifyInput: RadiographClassifyInput;
  RadiographUploadPayload: Omit<RadiographUploadPayload, 'jobs'> & { jobs: Array<ResolversParentTypes['Job']> };
  RadiographClassifyPayload: Omit<RadiographClassifyPayload, 'radiograph'> & { radiograph?: Maybe<ResolversParentTypes['Radiograph']> };
  RadiographDeleteInput: RadiographDeleteInput;
  RadiographDeletePayload: Omit<RadiographDeletePayload, 'radiograph'> & { radiograph?: Maybe<ResolversParentTypes['DeletedRadiograph']> };
  DeletedRadiograph: Omit<DeletedRadiograph, 'job'> & { job?: Maybe<ResolversParentTypes['Job']> };
  UserError: UserError;
  Job: StoredJob;
  Float: Scalars['Float']['output'];
  JobError: JobError;
  Radiograph: StoredRadiograph;
  DicomInstance: DicomInstance;
  RadiographConnection: Omit<RadiographConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['RadiographEdge']>, nodes: Array<ResolversParentTypes['Radiograph']> };
  RadiographEdge: Omit<RadiographEdge, 'node'> & { node: ResolversParentTypes['Radiograph'] };
  PageInfo: PageInfo;
  Boolean: Scalars['Boolean']['output'];
  ImageFile: ImageFile;
  Classification: StoredClassification;
  Finding: Finding;
  Model: Model;
  ModelVersion: ModelVersion;
  Patient: PatientReference;
  String: Scalars['String']['output'];
};

export type AccessDirectiveArgs = {
  scope: Scalars['String']['input'];
};

export type AccessDirectiveResolver<Result, Parent, ContextType = Context, Args = AccessDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export interface UploadScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Upload'], any> {
  name: 'Upload';
}

export interface HeatmapClaimScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['HeatmapClaim'], any> {
  name: 'HeatmapClaim';
}

export interface ActivationMapsScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['ActivationMaps'], any> {
  name: 'ActivationMaps';
}

export type QueryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  radiograph?: Resolver<Maybe<ResolversTypes['Radiograph']>, ParentType, ContextType, RequireFields<QueryRadiographArgs, 'id'>>;
  radiographs?: Resolver<ResolversTypes['RadiographConnection'], ParentType, ContextType, RequireFields<QueryRadiographsArgs, 'first'>>;
  job?: Resolver<Maybe<ResolversTypes['Job']>, ParentType, ContextType, RequireFields<QueryJobArgs, 'id'>>;
  models?: Resolver<Array<ResolversTypes['Model']>, ParentType, ContextType>;
};

export type MutationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  radiographUpload?: Resolver<ResolversTypes['RadiographUploadPayload'], ParentType, ContextType, RequireFields<MutationRadiographUploadArgs, 'input'>>;
  radiographClassify?: Resolver<ResolversTypes['RadiographClassifyPayload'], ParentType, ContextType, RequireFields<MutationRadiographClassifyArgs, 'input'>>;
  radiographDelete?: Resolver<ResolversTypes['RadiographDeletePayload'], ParentType, ContextType, RequireFields<MutationRadiographDeleteArgs, 'input'>>;
  jobCancel?: Resolver<ResolversTypes['JobCancelPayload'], ParentType, ContextType, RequireFields<MutationJobCancelArgs, 'input'>>;
  studyImport?: Resolver<ResolversTypes['StudyImportPayload'], ParentType, ContextType, RequireFields<MutationStudyImportArgs, 'input'>>;
  studyResultStore?: Resolver<ResolversTypes['StudyResultStorePayload'], ParentType, ContextType, RequireFields<MutationStudyResultStoreArgs, 'input'>>;
};

export type SubscriptionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  jobStatus?: SubscriptionResolver<ResolversTypes['Job'], "jobStatus", ParentType, ContextType, RequireFields<SubscriptionJobStatusArgs, 'id'>>;
};

export type StudyImportPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['StudyImportPayload'] = ResolversParentTypes['StudyImportPayload']> = {
  jobs?: Resolver<Array<ResolversTypes['Job']>, ParentType, ContextType>;
  skipped?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type StudyResultStorePayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['StudyResultStorePayload'] = ResolversParentTypes['StudyResultStorePayload']> = {
  result?: Resolver<Maybe<ResolversTypes['StudyResult']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type StudyResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['StudyResult'] = ResolversParentTypes['StudyResult']> = {
  structuredReport?: Resolver<ResolversTypes['DicomObject'], ParentType, ContextType>;
  heatmap?: Resolver<Maybe<ResolversTypes['DicomObject']>, ParentType, ContextType>;
};

export type DicomObjectResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DicomObject'] = ResolversParentTypes['DicomObject']> = {
  sopClassUID?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  studyInstanceUID?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  seriesInstanceUID?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  sopInstanceUID?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type JobCancelPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JobCancelPayload'] = ResolversParentTypes['JobCancelPayload']> = {
  job?: Resolver<Maybe<ResolversTypes['Job']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type RadiographUploadPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RadiographUploadPayload'] = ResolversParentTypes['RadiographUploadPayload']> = {
  jobs?: Resolver<Array<ResolversTypes['Job']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type RadiographClassifyPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RadiographClassifyPayload'] = ResolversParentTypes['RadiographClassifyPayload']> = {
  radiograph?: Resolver<Maybe<ResolversTypes['Radiograph']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type RadiographDeletePayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RadiographDeletePayload'] = ResolversParentTypes['RadiographDeletePayload']> = {
  radiograph?: Resolver<Maybe<ResolversTypes['DeletedRadiograph']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type DeletedRadiographResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DeletedRadiograph'] = ResolversParentTypes['DeletedRadiograph']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  job?: Resolver<Maybe<ResolversTypes['Job']>, ParentType, ContextType>;
};

export type UserErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  field?: Resolver<Maybe<Array<ResolversTypes['String']>>, ParentType, ContextType>;
};

export type JobResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Job'] = ResolversParentTypes['Job'], FederationReferenceType extends FederationReferenceTypes['Job'] = FederationReferenceTypes['Job']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Job']> | FederationReferenceType, FederationReferenceType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['JobState'], ParentType, ContextType>;
  priority?: Resolver<ResolversTypes['JobPriority'], ParentType, ContextType>;
  progress?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  attempts?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  startedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  finishedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  error?: Resolver<Maybe<ResolversTypes['JobError']>, ParentType, ContextType>;
  radiograph?: Resolver<Maybe<ResolversTypes['Radiograph']>, ParentType, ContextType>;
};

export type JobErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JobError'] = ResolversParentTypes['JobError']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type RadiographResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Radiograph'] = ResolversParentTypes['Radiograph'], FederationReferenceType extends FederationReferenceTypes['Radiograph'] = FederationReferenceTypes['Radiograph']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Radiograph']> | FederationReferenceType, FederationReferenceType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  format?: Resolver<ResolversTypes['ImageFormat'], ParentType, ContextType>;
  width?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  height?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  patient?: Resolver<Maybe<ResolversTypes['Patient']>, ParentType, ContextType>;
  dicom?: Resolver<Maybe<ResolversTypes['DicomInstance']>, ParentType, ContextType>;
  image?: Resolver<ResolversTypes['ImageFile'], ParentType, ContextType>;
  classification?: Resolver<Maybe<ResolversTypes['Classification']>, ParentType, ContextType>;
  job?: Resolver<Maybe<ResolversTypes['Job']>, ParentType, ContextType>;
  activationMaps?: Resolver<Maybe<ResolversTypes['ActivationMaps']>, ParentType, ContextType>;
  imageAddress?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type DicomInstanceResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DicomInstance'] = ResolversParentTypes['DicomInstance']> = {
  modality?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  bodyPart?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  viewPosition?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  studyInstanceUID?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  seriesInstanceUID?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  sopInstanceUID?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type RadiographConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RadiographConnection'] = ResolversParentTypes['RadiographConnection']> = {
  edges?: Resolver<Array<ResolversTypes['RadiographEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Radiograph']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type RadiographEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RadiographEdge'] = ResolversParentTypes['RadiographEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Radiograph'], ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type ImageFileResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ImageFile'] = ResolversParentTypes['ImageFile']> = {
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  mediaType?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  width?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  height?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  bytes?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type ClassificationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Classification'] = ResolversParentTypes['Classification']> = {
  finding?: Resolver<ResolversTypes['Finding'], ParentType, ContextType>;
  findings?: Resolver<Array<ResolversTypes['Finding']>, ParentType, ContextType>;
  decision?: Resolver<ResolversTypes['Decision'], ParentType, ContextType>;
  indeterminateReason?: Resolver<Maybe<ResolversTypes['IndeterminateReason']>, ParentType, ContextType>;
  threshold?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  model?: Resolver<ResolversTypes['ModelVersion'], ParentType, ContextType>;
  cached?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  pool?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type FindingResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Finding'] = ResolversParentTypes['Finding']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  display?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  probability?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type ModelResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Model'] = ResolversParentTypes['Model']> = {
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  versions?: Resolver<Array<ResolversTypes['ModelVersion']>, ParentType, ContextType>;
};

export type ModelVersionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ModelVersion'] = ResolversParentTypes['ModelVersion']> = {
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['ModelState'], ParentType, ContextType>;
  digest?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  engine?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type PatientResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Patient'] = ResolversParentTypes['Patient'], FederationReferenceType extends FederationReferenceTypes['Patient'] = FederationReferenceTypes['Patient']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Patient']> | FederationReferenceType, FederationReferenceType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  radiographs?: Resolver<Maybe<ResolversTypes['RadiographConnection']>, ParentType, ContextType, RequireFields<PatientRadiographsArgs, 'first'>>;
};

export type Resolvers<ContextType = Context> = {
  DateTime?: GraphQLScalarType;
  Upload?: GraphQLScalarType;
  HeatmapClaim?: GraphQLScalarType;
  ActivationMaps?: GraphQLScalarType;
  Query?: QueryResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  StudyImportPayload?: StudyImportPayloadResolvers<ContextType>;
  StudyResultStorePayload?: StudyResultStorePayloadResolvers<ContextType>;
  StudyResult?: StudyResultResolvers<ContextType>;
  DicomObject?: DicomObjectResolvers<ContextType>;
  JobCancelPayload?: JobCancelPayloadResolvers<ContextType>;
  RadiographUploadPayload?: RadiographUploadPayloadResolvers<ContextType>;
  RadiographClassifyPayload?: RadiographClassifyPayloadResolvers<ContextType>;
  RadiographDeletePayload?: RadiographDeletePayloadResolvers<ContextType>;
  DeletedRadiograph?: DeletedRadiographResolvers<ContextType>;
  UserError?: UserErrorResolvers<ContextType>;
  Job?: JobResolvers<ContextType>;
  JobError?: JobErrorResolvers<ContextType>;
  Radiograph?: RadiographResolvers<ContextType>;
  DicomInstance?: DicomInstanceResolvers<ContextType>;
  RadiographConnection?: RadiographConnectionResolvers<ContextType>;
  RadiographEdge?: RadiographEdgeResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  ImageFile?: ImageFileResolvers<ContextType>;
  Classification?: ClassificationResolvers<ContextType>;
  Finding?: FindingResolvers<ContextType>;
  Model?: ModelResolvers<ContextType>;
  ModelVersion?: ModelVersionResolvers<ContextType>;
  Patient?: PatientResolvers<ContextType>;
};

export type DirectiveResolvers<ContextType = Context> = {
  access?: AccessDirectiveResolver<any, any, ContextType>;
};
